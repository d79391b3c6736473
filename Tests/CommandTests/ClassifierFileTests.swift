import Foundation
import Testing

/// Classifiers as PyTorch's users have them.
@Suite(.enabled(if: Python.isThere, Python.missing))
struct ClassifierFileTests {
  private func score(_ arguments: String, in folder: URL) throws -> GanProcess {
    try GanProcess(
      ["score", "--data", ".", "--split", "train", "--threads", "1"] + arguments.split(separator: " ").map(String.init),
      in: folder)
  }

  /// 64 images in a folder, and what `program` makes.
  private func withModules(_ program: String, _ body: (URL) throws -> Void) throws {
    try withEmptyFolder { folder in
      try writeTinyImages(folder)
      try Data(program.utf8).write(to: folder.appendingPathComponent("net.py"))
      // TorchScript reads the source of what it compiles.
      _ = try Python.output(
        "import sys; sys.path.insert(0, '.'); import net", in: folder)
      try body(folder)
    }
  }

  private func value(_ result: GanProcess) throws -> String {
    try #require(result.status == 0, "\(result.errors)")
    return try String(#require(result.output.firstMatch(of: /Inception score +([0-9.]+)/)).1)
  }

  @Test func oneOfSeveralOutputs() throws {
    let program = """
      import torch
      from typing import Dict, Tuple
      torch.manual_seed(1)
      a, b = torch.randn(10, 64), 3 * torch.randn(10, 64)
      class Base(torch.nn.Module):
          def __init__(self):
              super().__init__(); self.a = torch.nn.Parameter(a); self.b = torch.nn.Parameter(b)
      class First(Base):
          def forward(self, x): return x.flatten(1) @ self.a.t()
      class Second(Base):
          def forward(self, x): return x.flatten(1) @ self.b.t()
      class Pair(Base):
          def forward(self, x) -> Tuple[torch.Tensor, torch.Tensor]:
              x = x.flatten(1); return x @ self.a.t(), x @ self.b.t()
      class Named(Base):
          def forward(self, x) -> Dict[str, torch.Tensor]:
              x = x.flatten(1); return {'aux': x @ self.b.t(), 'logits': x @ self.a.t()}
      class Odd(Base):
          def forward(self, x) -> Dict[str, torch.Tensor]:
              x = x.flatten(1); return {'one': x @ self.a.t(), 'two': x @ self.b.t()}
      for m in (First, Second, Pair, Named, Odd): torch.jit.script(m().eval()).save(m.__name__ + '.pt')
      """
    try withModules(program) { folder in
      func of(_ arguments: String) throws -> String {
        try value(score("--splits 4 --classifier " + arguments, in: folder))
      }
      let (first, second) = (try of("First.pt"), try of("Second.pt"))
      #expect(first != second)
      #expect(try of("Pair.pt") == first)
      #expect(try of("Pair.pt --result 1") == second)
      #expect(try of("Named.pt") == first)
      #expect(try of("Named.pt --result aux") == second)
      #expect(try of("Odd.pt --result two") == second)
      for (arguments, word) in [
        ("Odd.pt", "0 one, 1 two"), ("Odd.pt --result three", "three"), ("Pair.pt --result 2", "none of which"),
        ("First.pt --result 1", "one output"),
      ] {
        let refused = try score("--splits 4 --classifier " + arguments, in: folder)
        #expect(refused.status == 1 && refused.errors.contains(word), "\(arguments): \(refused.errors)")
      }
    }
  }

  @Test func pixelsNormalisedOutside() throws {
    let program = """
      import torch
      torch.manual_seed(1)
      w = torch.randn(10, 192)
      class Inside(torch.nn.Module):
          def __init__(self):
              super().__init__(); self.w = torch.nn.Parameter(w)
              self.mean = torch.nn.Parameter(torch.tensor([0.25, 0.5, 0.75]).reshape(1, 3, 1, 1))
              self.deviation = torch.nn.Parameter(torch.tensor([0.125, 0.25, 0.5]).reshape(1, 3, 1, 1))
          def forward(self, x): return ((x - self.mean) / self.deviation).flatten(1) @ self.w.t()
      class Outside(torch.nn.Module):
          def __init__(self):
              super().__init__(); self.w = torch.nn.Parameter(w)
          def forward(self, x): return x.flatten(1) @ self.w.t()
      for m in (Inside, Outside): torch.jit.script(m().eval()).save(m.__name__ + '.pt')
      """
    try withModules(program) { folder in
      let numbers = "--mean 0.25,0.5,0.75 --deviation 0.125,0.25,0.5"
      let inside = try value(score("--splits 4 --channels 3 --classifier Inside.pt", in: folder))
      let outside = try score("--splits 4 --channels 3 --classifier Outside.pt \(numbers)", in: folder)
      #expect(try value(outside) == inside)
      #expect(outside.output.contains("less 0.25,0.5,0.75 by 0.125,0.25,0.5"), "a score says how it was taken")
      #expect(try value(score("--splits 4 --channels 3 --classifier Outside.pt", in: folder)) != inside)
      for (arguments, code) in [
        ("--mean x", 64), ("--deviation 0", 64), ("--mean 1,2", 64), ("--mean 0.5 --input-range 0..255", 64),
        ("--mean 1,2,3 --channels 1", 1),
      ] {
        #expect(
          try score("--splits 4 --classifier Outside.pt \(arguments)", in: folder).status == Int32(code), "\(arguments)"
        )
      }
    }
  }

  /// Log-probabilities of a classifier that is sure; a trace that takes batches of 20 alone.
  @Test func sureClassifiersAndTraces() throws {
    let program = """
      import torch, warnings
      warnings.simplefilter('ignore')
      class Sure(torch.nn.Module):
          def forward(self, x):
              y = torch.full([x.shape[0], 4], float('-inf')); \
      y[torch.arange(x.shape[0]), torch.arange(x.shape[0]) % 4] = 0.0
              return y
      torch.jit.script(Sure()).save('sure.pt')
      class None_(torch.nn.Module):
          def forward(self, x): return torch.full([x.shape[0], 4], float('-inf'))
      torch.jit.script(None_()).save('none.pt')
      torch.manual_seed(1)
      class Net(torch.nn.Module):
          def __init__(self):
              super().__init__(); self.out = torch.nn.Linear(64, 10)
          def forward(self, x): return self.out(x.reshape(int(x.shape[0]), 64))
      net = Net().eval()
      torch.jit.trace(net, torch.zeros(20, 1, 8, 8)).save('traced.pt')
      class Any(torch.nn.Module):
          def __init__(self):
              super().__init__(); self.out = net.out
          def forward(self, x): return self.out(x.flatten(1))
      torch.jit.script(Any().eval()).save('any.pt')
      """
    try withModules(program) { folder in
      #expect(
        try value(score("--splits 4 --classifier sure.pt", in: folder)) == "4.0000", "four classes, equally often")
      #expect(try score("--splits 4 --classifier none.pt", in: folder).errors.contains("not finite"))
      let traced = try value(score("--splits 1 --samples 50 --batch-size 20 --classifier traced.pt", in: folder))
      #expect(try traced == value(score("--splits 1 --samples 50 --classifier any.pt", in: folder)))
      let refused = try score("--splits 1 --samples 50 --batch-size 30 --classifier traced.pt", in: folder)
      #expect(refused.status == 1 && refused.errors.contains("batches of the size"), "\(refused.errors)")
    }
  }

  @Test func weightsWithoutCode() throws {
    let program = """
      import torch
      torch.save(torch.nn.Linear(64, 10).state_dict(), 'weights.pth')
      torch.save(torch.nn.Linear(64, 10).state_dict(), 'old.pth', _use_new_zipfile_serialization=False)
      """
    try withModules(program) { folder in
      for file in ["weights.pth", "old.pth"] {
        let refused = try score("--splits 4 --classifier \(file)", in: folder)
        #expect(refused.status == 1 && refused.errors.contains("torch.jit.script"), "\(refused.errors)")
      }
    }
  }
}
