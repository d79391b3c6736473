/// `number` with its digits in groups of three, as messages print it: `47 040 016`.
public func grouped(_ number: Int) -> String {
  var groups: [Substring] = []
  var digits = Substring(String(number.magnitude))
  while digits.count > 3 {
    groups.insert(digits.suffix(3), at: 0)
    digits = digits.dropLast(3)
  }
  groups.insert(digits, at: 0)
  return (number < 0 ? "-" : "") + groups.joined(separator: " ")
}
