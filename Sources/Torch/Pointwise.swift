import CTorch

// Element by element. Two operands are broadcast: dimensions are matched from the last one on, and a size of 1 is
// repeated.

extension Tensor {
  public static func + (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_add(x.handle, y.handle)) }
  public static func - (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_sub(x.handle, y.handle)) }
  public static func * (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_mul(x.handle, y.handle)) }
  public static func / (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_div(x.handle, y.handle)) }
  public static prefix func - (x: Tensor) -> Tensor { Tensor(ct_neg(x.handle)) }

  public static func + (x: Tensor, y: Double) -> Tensor { Tensor(ct_add_scalar(x.handle, y)) }
  public static func + (x: Double, y: Tensor) -> Tensor { y + x }
  public static func - (x: Tensor, y: Double) -> Tensor { x + -y }
  public static func - (x: Double, y: Tensor) -> Tensor { -y + x }
  public static func * (x: Tensor, y: Double) -> Tensor { Tensor(ct_mul_scalar(x.handle, y)) }
  public static func * (x: Double, y: Tensor) -> Tensor { y * x }
  public static func / (x: Tensor, y: Double) -> Tensor { x * (1 / y) }
  public static func / (x: Double, y: Tensor) -> Tensor { Tensor(ct_reciprocal(y.handle)) * x }

  // Comparisons yield tensors of `bool`.
  public static func .== (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_eq(x.handle, y.handle)) }
  public static func .> (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_gt(x.handle, y.handle)) }
  public static func .>= (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_ge(x.handle, y.handle)) }
  public static func .> (x: Tensor, y: Double) -> Tensor { Tensor(ct_gt_scalar(x.handle, y)) }
  public static func .>= (x: Tensor, y: Double) -> Tensor { Tensor(ct_ge_scalar(x.handle, y)) }

  /// Limited to `low` ... `high`; the gradient is 0 outside.
  public func clamped(_ low: Double, _ high: Double) -> Tensor { Tensor(ct_clamp(handle, low, high)) }

  /// True where the element is neither infinite nor NaN.
  public var isFinite: Tensor { Tensor(ct_isfinite(handle)) }
}

public func abs(_ x: Tensor) -> Tensor { Tensor(ct_abs(x.handle)) }
public func exp(_ x: Tensor) -> Tensor { Tensor(ct_exp(x.handle)) }
public func log(_ x: Tensor) -> Tensor { Tensor(ct_log(x.handle)) }
/// log(1 + x)
public func log1p(_ x: Tensor) -> Tensor { Tensor(ct_log1p(x.handle)) }
public func sqrt(_ x: Tensor) -> Tensor { Tensor(ct_sqrt(x.handle)) }
public func square(_ x: Tensor) -> Tensor { Tensor(ct_square(x.handle)) }
public func pow(_ x: Tensor, _ exponent: Double) -> Tensor { Tensor(ct_pow_scalar(x.handle, exponent)) }
public func sin(_ x: Tensor) -> Tensor { Tensor(ct_sin(x.handle)) }
public func cos(_ x: Tensor) -> Tensor { Tensor(ct_cos(x.handle)) }
public func tanh(_ x: Tensor) -> Tensor { Tensor(ct_tanh(x.handle)) }
/// 1 / (1 + e^-x), the logistic function
public func sigmoid(_ x: Tensor) -> Tensor { Tensor(ct_sigmoid(x.handle)) }
/// log(1 + e^x), without overflow
public func softplus(_ x: Tensor) -> Tensor { Tensor(ct_softplus(x.handle)) }
/// max(x, 0)
public func relu(_ x: Tensor) -> Tensor { Tensor(ct_relu(x.handle)) }
/// x for x > 0, slope x otherwise
public func leakyReLU(_ x: Tensor, slope: Double = 0.2) -> Tensor { Tensor(ct_leaky_relu(x.handle, slope)) }
public func maximum(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_maximum(x.handle, y.handle)) }
public func minimum(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_minimum(x.handle, y.handle)) }
/// The elements of `x` where `condition` is true, those of `y` elsewhere.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor {
  Tensor(ct_where(condition.handle, x.handle, y.handle))
}
