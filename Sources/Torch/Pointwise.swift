import CTorch

// Element by element. Two operands are broadcast: dimensions are matched from the last one on, and a size of 1 is
// repeated.

extension Tensor {
  /// x + y
  public static func + (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_add(x.handle, y.handle)) }
  /// x - y
  public static func - (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_sub(x.handle, y.handle)) }
  /// The product of the elements; ``matmul(_:_:)`` is the one of matrices.
  public static func * (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_mul(x.handle, y.handle)) }
  /// x / y; dividing by 0 gives an infinity, or NaN for 0 / 0.
  public static func / (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_div(x.handle, y.handle)) }
  /// -x
  public static prefix func - (x: Tensor) -> Tensor { Tensor(ct_neg(x.handle)) }

  /// `y` added to every element.
  public static func + (x: Tensor, y: Double) -> Tensor { Tensor(ct_add_scalar(x.handle, y)) }
  /// `x` added to every element.
  public static func + (x: Double, y: Tensor) -> Tensor { y + x }
  /// `y` taken from every element.
  public static func - (x: Tensor, y: Double) -> Tensor { x + -y }
  /// Every element taken from `x`.
  public static func - (x: Double, y: Tensor) -> Tensor { -y + x }
  /// Every element times `y`.
  public static func * (x: Tensor, y: Double) -> Tensor { Tensor(ct_mul_scalar(x.handle, y)) }
  /// Every element times `x`.
  public static func * (x: Double, y: Tensor) -> Tensor { y * x }
  /// Every element times 1 / `y`, which may differ from its quotient in the last bit.
  public static func / (x: Tensor, y: Double) -> Tensor { x * (1 / y) }
  /// `x` times the reciprocal of every element.
  public static func / (x: Double, y: Tensor) -> Tensor { Tensor(ct_reciprocal(y.handle)) * x }

  // Comparisons yield tensors of `bool`.
  /// Whether the elements are equal; NaN equals nothing.
  public static func .== (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_eq(x.handle, y.handle)) }
  /// Whether the elements of `x` are larger.
  public static func .> (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_gt(x.handle, y.handle)) }
  /// Whether those of `x` are at least as large.
  public static func .>= (x: Tensor, y: Tensor) -> Tensor { Tensor(ct_ge(x.handle, y.handle)) }
  /// Whether the elements are larger than `y`.
  public static func .> (x: Tensor, y: Double) -> Tensor { Tensor(ct_gt_scalar(x.handle, y)) }
  /// Whether they are at least `y`.
  public static func .>= (x: Tensor, y: Double) -> Tensor { Tensor(ct_ge_scalar(x.handle, y)) }

  /// Limited to `low` ... `high`; the gradient is 0 outside.
  public func clamped(_ low: Double, _ high: Double) -> Tensor { Tensor(ct_clamp(handle, low, high)) }

  /// True where the element is neither infinite nor NaN.
  public var isFinite: Tensor { Tensor(ct_isfinite(handle)) }
}

/// |x|; its gradient at 0 is 0.
public func abs(_ x: Tensor) -> Tensor { Tensor(ct_abs(x.handle)) }
/// e^x
public func exp(_ x: Tensor) -> Tensor { Tensor(ct_exp(x.handle)) }
/// The natural logarithm: -infinity at 0, NaN below.
public func log(_ x: Tensor) -> Tensor { Tensor(ct_log(x.handle)) }
/// log(1 + x)
public func log1p(_ x: Tensor) -> Tensor { Tensor(ct_log1p(x.handle)) }
/// The root; NaN below 0, and the gradient at 0 is infinite.
public func sqrt(_ x: Tensor) -> Tensor { Tensor(ct_sqrt(x.handle)) }
/// x^2
public func square(_ x: Tensor) -> Tensor { Tensor(ct_square(x.handle)) }
/// x^exponent
public func pow(_ x: Tensor, _ exponent: Double) -> Tensor { Tensor(ct_pow_scalar(x.handle, exponent)) }
/// Of an angle in radians.
public func sin(_ x: Tensor) -> Tensor { Tensor(ct_sin(x.handle)) }
/// Of an angle in radians.
public func cos(_ x: Tensor) -> Tensor { Tensor(ct_cos(x.handle)) }
/// The hyperbolic tangent, in -1 ... 1.
public func tanh(_ x: Tensor) -> Tensor { Tensor(ct_tanh(x.handle)) }
/// 1 / (1 + e^-x), the logistic function
public func sigmoid(_ x: Tensor) -> Tensor { Tensor(ct_sigmoid(x.handle)) }
/// log(1 + e^x), without overflow
public func softplus(_ x: Tensor) -> Tensor { Tensor(ct_softplus(x.handle)) }
/// max(x, 0)
public func relu(_ x: Tensor) -> Tensor { Tensor(ct_relu(x.handle)) }
/// x for x > 0, slope x otherwise
public func leakyReLU(_ x: Tensor, slope: Double = 0.2) -> Tensor { Tensor(ct_leaky_relu(x.handle, slope)) }
/// The larger of both elements; where they are equal each has half the gradient.
public func maximum(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_maximum(x.handle, y.handle)) }
/// The smaller of both elements; where they are equal each has half the gradient.
public func minimum(_ x: Tensor, _ y: Tensor) -> Tensor { Tensor(ct_minimum(x.handle, y.handle)) }
/// The elements of `x` where `condition` is true, those of `y` elsewhere.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor {
  Tensor(ct_where(condition.handle, x.handle, y.handle))
}
