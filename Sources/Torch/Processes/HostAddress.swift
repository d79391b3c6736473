import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Addresses of hosts, as sockets know them.
enum HostAddress {
  /// The addresses of `host`, as digits.
  ///
  /// - Parameter patience: seconds that a name is asked for again, since those of a cluster may not be known at once.
  /// - Throws: ``ProcessError`` where it has none.
  static func resolve(_ host: String, patience: Double) throws -> [String] {
    let deadline = ContinuousClock.now + .seconds(patience)
    while true {
      var found: UnsafeMutablePointer<addrinfo>?
      var hints = addrinfo()
      #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
      #else
        hints.ai_socktype = SOCK_STREAM
      #endif
      let code = getaddrinfo(host, nil, &hints, &found)
      defer { if found != nil { freeaddrinfo(found) } }
      if code == 0 {
        return sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap {
          digits($0!.pointee.ai_addr, $0!.pointee.ai_addrlen)
        }
      }
      guard ContinuousClock.now < deadline else {
        throw ProcessError("MASTER_ADDR '\(host)' is no host that can be found: \(String(cString: gai_strerror(code)))")
      }
      Thread.sleep(forTimeInterval: 0.25)
    }
  }

  /// The address of this host by which others reach it who reach `master`.
  ///
  /// GLOO_SOCKET_IFNAME names the interface, as it does for PyTorch. Else it is that from which packets to `master`
  /// would go; on the master itself, whose own name often leads to itself only, that of the first interface that is up.
  static func own(toward master: [String], environment: [String: String]) throws -> String {
    let interfaces = interfaces()
    if let name = environment["GLOO_SOCKET_IFNAME"], !name.isEmpty {
      guard let address = interfaces.first(where: { $0.name == name })?.address else {
        throw ProcessError("GLOO_SOCKET_IFNAME '\(name)' is no interface of this host that has an address")
      }
      return address
    }
    let source = master.lazy.compactMap { sourceAddress(toward: $0) }.first
    if let source, !isLoopback(source) { return source }
    return interfaces.first { !isLoopback($0.address) && !$0.address.contains("%") }?.address ?? source ?? "127.0.0.1"
  }

  static func isLoopback(_ address: String) -> Bool { address.hasPrefix("127.") || address == "::1" }

  private static func digits(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> String? {
    guard let address, [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { return nil }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Where packets to `address` would come from. None is sent.
  private static func sourceAddress(toward address: String) -> String? {
    var found: UnsafeMutablePointer<addrinfo>?
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    #else
      hints.ai_socktype = SOCK_DGRAM
    #endif
    guard getaddrinfo(address, "9", &hints, &found) == 0, let target = found?.pointee else { return nil }
    defer { freeaddrinfo(found) }
    let descriptor = socket(target.ai_family, target.ai_socktype, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard connect(descriptor, target.ai_addr, target.ai_addrlen) == 0 else { return nil }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { own in
        getsockname(descriptor, own, &length) == 0 ? digits(own, length) : nil
      }
    }
  }

  /// Those that are up, with their addresses; of one with several, the IPv4 addresses first.
  private static func interfaces() -> [(name: String, address: String)] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: [(name: String, address: String, isOld: Bool)] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ifa_next
      let isUp = entry.ifa_flags & UInt32(IFF_UP) != 0
      guard isUp, let address = entry.ifa_addr else { continue }
      let isOld = Int32(address.pointee.sa_family) == AF_INET
      let length = isOld ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
      guard let text = digits(address, socklen_t(length)) else { continue }
      found.append((String(cString: entry.ifa_name), text, isOld))
    }
    return (found.filter(\.isOld) + found.filter { !$0.isOld }).map { ($0.name, $0.address) }
  }
}
