/// Of this library and its command, written into checkpoints.
public let swiftGanVersion = "0.1.0"
