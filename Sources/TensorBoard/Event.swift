import Foundation
import Protobuf

/// One entry of an event file: what was so at a step.
///
/// The messages are those of TensorFlow's `event.proto`, `summary.proto` and `tensor.proto`, and of TensorBoard's
/// plugins; the numbers are the fields' in there. Numbers, pictures and histograms are written in the form that was
/// there first, which every reader takes and PyTorch's writer writes as well.
public struct Event: Sendable {
  /// Seconds since 1970.
  public var time: Double
  /// Steps played.
  public var step: Int
  /// What was so.
  public var content: Content

  /// What an entry can hold.
  public enum Content: Sendable {
    /// The first entry of a file, which says what it is.
    case begin
    /// What a reader has found before, from this step on, in another file, is not so any more.
    case restart
    /// A value under a name.
    case summary(tag: String, Value)
  }

  /// What has a name.
  public enum Value: Sendable {
    /// Kept in single precision.
    case scalar(Double)
    /// The bytes of a PNG file, and its pixels.
    case picture(png: Data, width: Int, height: Int)
    /// Counts in bins.
    case histogram(Histogram)
    /// Markdown.
    case text(String)
    /// The settings of the run; its tag is ``hyperparametersTag``.
    case hyperparameters([String: Hyperparameter])
    /// How the run ended; its tag is ``endTag``.
    case end(EndStatus)
  }

  /// A setting's value.
  public enum Hyperparameter: Sendable, Hashable {
    /// Any number.
    case number(Double)
    /// A word, or a list of values.
    case text(String)
    /// Yes or no.
    case flag(Bool)
  }

  /// How a run ended, by TensorBoard's numbers.
  public enum EndStatus: Int, Sendable {
    /// All of it was played.
    case success = 1
    /// It broke off.
    case failure = 2
  }

  /// How many values lay in each of the bins between `edges`, ascending, of which there is one more than there are
  /// `counts`.
  public struct Histogram: Sendable, Hashable {
    /// Ascending.
    public let edges: [Double]
    /// Between each edge and the next.
    public let counts: [Int]

    /// Nil unless there is one edge more than there are counts.
    public init?(edges: [Double], counts: [Int]) {
      guard edges.count == counts.count + 1 else { return nil }
      (self.edges, self.counts) = (edges, counts)
    }
  }

  /// Of ``Value/hyperparameters(_:)``.
  public static let hyperparametersTag = "_hparams_/session_start_info"
  /// Of ``Value/end(_:)``.
  public static let endTag = "_hparams_/session_end_info"

  /// - Parameter time: in seconds since 1970.
  public init(time: Double, step: Int, _ content: Content) {
    (self.time, self.step, self.content) = (time, step, content)
  }

  /// A value under a name.
  public init(time: Double, step: Int, _ tag: String, _ value: Value) {
    self.init(time: time, step: step, .summary(tag: tag, value))
  }

  /// As a record of an event file.
  package var record: Data {
    var event = ProtobufMessage()
    event.write(1, double: time)
    event.write(2, integer: step)
    switch content {
    case .begin: event.write(3, text: "brain.Event:2", isOneOf: true)
    case .restart: event.write(7) { $0.write(1, integer: 1) }  // SessionLog, START
    case .summary(let tag, let value):
      event.write(5) { summary in
        summary.write(1) { entry in
          entry.write(1, text: tag)
          value.write(to: &entry, time: time)
        }
      }
    }
    return RecordFrame.framed(event.bytes)
  }
}

extension Event.Value {
  /// Adds the value to a `Summary.Value`.
  fileprivate func write(to entry: inout ProtobufMessage, time: Double) {
    switch self {
    case .scalar(let value): entry.write(2, float: Float(value), isOneOf: true)
    case .picture(let png, let width, let height):
      entry.write(4) { picture in
        picture.write(1, integer: height)
        picture.write(2, integer: width)
        // Channels, as far as anybody has ever read it.
        picture.write(3, integer: 3)
        picture.write(4, bytes: png)
      }
    case .histogram(let histogram): entry.write(5) { histogram.write(to: &$0) }
    case .text(let text):
      entry.write(8) { tensor in
        tensor.write(1, integer: 7)  // DT_STRING
        tensor.write(2) { shape in shape.write(2) { $0.write(1, integer: 1) } }
        tensor.write(8, text: text, isOneOf: true)
      }
      entry.write(9, metadata(of: "text", ProtobufMessage()))
    case .hyperparameters(let values):
      writeSession(3, to: &entry) { session in
        // A map is a list of pairs.
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
          session.write(1) { pair in
            pair.write(1, text: name)
            pair.write(2) { value.write(to: &$0) }
          }
        }
        session.write(5, double: time)
      }
    case .end(let status):
      writeSession(4, to: &entry) { session in
        session.write(1, integer: status.rawValue)
        session.write(2, double: time)
      }
    }
  }

  /// A part of `HParamsPluginData`, which stands in the metadata of a value that says nothing itself.
  private func writeSession(_ part: Int, to entry: inout ProtobufMessage, _ build: (inout ProtobufMessage) -> Void) {
    var session = ProtobufMessage()
    session.write(part, build)
    entry.write(8) { tensor in
      tensor.write(1, integer: 1)  // DT_FLOAT
      tensor.write(2) { shape in shape.write(2) { $0.write(1, integer: 1) } }
      tensor.write(5, bytes: Data(count: 4))
    }
    entry.write(9, metadata(of: "hparams", session))
  }

  /// `SummaryMetadata`: which plugin shows a tensor, and what that is told.
  private func metadata(of plugin: String, _ content: ProtobufMessage) -> (inout ProtobufMessage) -> Void {
    { metadata in
      metadata.write(1) { data in
        data.write(1, text: plugin)
        data.write(2, bytes: content.bytes)
      }
      metadata.write(4, integer: 2)  // DATA_CLASS_TENSOR
    }
  }
}

extension Event.Hyperparameter {
  /// As `google.protobuf.Value`.
  fileprivate func write(to message: inout ProtobufMessage) {
    switch self {
    case .number(let number): message.write(2, double: number, isOneOf: true)
    case .text(let text): message.write(3, text: text, isOneOf: true)
    case .flag(let flag): message.write(4, integer: flag ? 1 : 0, isOneOf: true)
    }
  }
}

extension Event.Histogram {
  /// As `HistogramProto`. Smallest and largest value are those of the bins that hold any; sums are as of values in the
  /// middle of their bins.
  fileprivate func write(to message: inout ProtobufMessage) {
    let filled = counts.indices.filter { counts[$0] > 0 }
    func middle(_ bin: Int) -> Double { (edges[bin] + edges[bin + 1]) / 2 }
    func sum(_ value: (Int) -> Double) -> Double { filled.reduce(0) { $0 + Double(counts[$1]) * value($1) } }
    message.write(1, double: filled.first.map { edges[$0] } ?? 0)
    message.write(2, double: filled.last.map { edges[$0 + 1] } ?? 0)
    message.write(3, double: sum { _ in 1 })
    message.write(4, double: sum(middle))
    message.write(5, double: sum { middle($0) * middle($0) })
    // A bin ends at its limit and begins at that of the one before; the first begins at the smallest value.
    message.write(6, packed: Array(edges.dropFirst()))
    message.write(7, packed: counts.map(Double.init))
  }
}
