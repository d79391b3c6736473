// The C face of libtorch as far as this package needs it.
//
// A CTensor is at::TensorImpl itself: Swift imports it as a reference type whose retain and release are
// libtorch's own, so ARC counts libtorch's references and no box stands in between.
//
// No C++ exception crosses this header, and nothing here ends the program. An operation that fails returns a failed
// tensor, which has no elements but the reason (see ct_failure); an operation with a failed operand returns that
// operand, so that the first failure of a computation is the one that is reported.
//
// Dimensions may be negative and then count from the end. Arrays are borrowed for the length of the call.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define CT_SHARED_REFERENCE(retain, release)               \
  __attribute__((swift_attr("import_reference")))          \
  __attribute__((swift_attr("retain:" #retain)))           \
  __attribute__((swift_attr("release:" #release)))
#define CT_RETURNS_RETAINED __attribute__((swift_attr("returns_retained")))

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

struct CT_SHARED_REFERENCE(ct_retain, ct_release) CTensor;
void ct_retain(struct CTensor *tensor);
void ct_release(struct CTensor *tensor);

/// A new reference, to a failed tensor where the operation or one of its operands failed.
#define CT_RESULT struct CTensor *_Nonnull
/// What an operation without a result returns: NULL where it was done, else a new reference to a failed tensor.
#define CT_FAILURE struct CTensor *_Nullable
/// A borrowed operand, failed or not; NULL only where a flag beside it says that there is none.
#define CT_OPERAND struct CTensor *_Nullable
#define CT_OPERANDS struct CTensor *_Nullable const *_Nonnull
/// Room for several results, NULL before, all filled with new references.
#define CT_RESULTS struct CTensor *_Nullable *_Nonnull

// ---- failures -------------------------------------------------------------------------------------------------
/// Why the tensor has failed, or NULL where it has not. Valid as long as the tensor.
const char *_Nullable ct_failure(CT_OPERAND x);
/// A failed tensor for what was found above this header, recorded as an operation's failure would be.
CT_RESULT ct_fail(const char *reason) CT_RETURNS_RETAINED;
// Scopes are per thread and nest. A scope keeps the first failure in it, whatever becomes of the failed tensor.
void ct_scope_enter(void);
/// The failure recorded in the scope that ends here, or NULL. Valid until the thread's next ct_scope_leave.
const char *_Nullable ct_scope_leave(void);

// ---- kinds and devices ----------------------------------------------------------------------------------------
typedef enum __attribute__((enum_extensibility(closed))) CTDType {
  CTDTypeFloat32,
  CTDTypeFloat64,
  CTDTypeBFloat16,
  CTDTypeInt64,
  CTDTypeUInt8,
  CTDTypeBool,
} CTDType;
typedef enum __attribute__((enum_extensibility(closed))) CTDevice {
  CTDeviceCPU,
  CTDeviceCUDA,
  CTDeviceMPS,
} CTDevice;
bool ct_device_available(CTDevice device);
/// "2.13.0", the version of the headers this file was compiled against.
const char *ct_version(void);
int ct_threads(void);
void ct_set_threads(int count);
/// How many threads a long loop of our own kernels runs on.
int ct_threads_of_a_loop(void);
/// Lets the program keep the memory that it frees, for the rest of its life. Does nothing but on Linux with glibc.
void ct_keep_freed_memory(void);
/// Bytes of large tensors on the CPU, now and at most at once, those that are held for them, and how many blocks have
/// been taken.
typedef struct {
  uint64_t used, most, held, blocks;
} CTTensorMemory;
/// False where the C library has them all. `starts_anew`: `most` counts from here on.
bool ct_tensor_memory(bool starts_anew, CTTensorMemory *memory);

// ---- making and reading ---------------------------------------------------------------------------------------
CT_RESULT ct_from_bytes(const void *bytes, const int64_t *sizes, int rank, CTDType dtype, CTDevice device)
    CT_RETURNS_RETAINED;
CT_RESULT ct_full(double value, const int64_t *sizes, int rank, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
CT_RESULT ct_arange(int64_t count, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
CT_RESULT ct_linspace(double first, double last, int64_t count, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
CT_RESULT ct_to(CT_OPERAND x, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
/// Copies the elements, row by row, converted to `dtype`, into `destination` of `byte_count` bytes, which must be
/// exactly as many as they take.
CT_FAILURE ct_copy_to(CT_OPERAND x, CTDType dtype, void *destination, int64_t byte_count) CT_RETURNS_RETAINED;
/// Copies `source` over `destination`'s elements, in place.
CT_FAILURE ct_assign(CT_OPERAND destination, CT_OPERAND source) CT_RETURNS_RETAINED;
/// Of tensors that have not failed.
int ct_rank(CT_OPERAND x);
int64_t ct_size(CT_OPERAND x, int dimension);
CTDType ct_dtype(CT_OPERAND x);
CTDevice ct_device(CT_OPERAND x);

// ---- random streams (Philox 4x32-10, counter-based) -----------------------------------------------------------
/// So many rows of a draw, from one on: what a process draws that plays with a part of a batch.
typedef struct CTRows {
  int64_t first, count;
} CTRows;
/// One slice per key along a new leading dimension, or no such dimension where `stacked` is false (one key then). With
/// `row_count` above 0 the first of `sizes` runs over `rows` of a larger draw, whose numbers they have.
/// Uniform on [0, 1).
CT_RESULT ct_uniform(const uint64_t *keys, int key_count, bool stacked, const CTRows *_Nullable rows, int row_count,
                     const int64_t *sizes, int rank, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
/// Normal with mean 0 and standard deviation 1.
CT_RESULT ct_normal(const uint64_t *keys, int key_count, bool stacked, const CTRows *_Nullable rows, int row_count,
                    const int64_t *sizes, int rank, CTDType dtype, CTDevice device) CT_RETURNS_RETAINED;
/// x + deviation n, n as ct_normal draws it in x's shape (whose first dimension is the keys', where `stacked`); the
/// gradient is that of x.
CT_RESULT ct_add_normal(CT_OPERAND x, const uint64_t *keys, int key_count, bool stacked, const CTRows *_Nullable rows,
                        int row_count, double deviation) CT_RETURNS_RETAINED;
/// x times a mask that is 0 with probability `rate`, where what ct_uniform draws in x's shape is below it, else
/// 1 / (1 - rate).
CT_RESULT ct_dropout(CT_OPERAND x, const uint64_t *keys, int key_count, bool stacked, const CTRows *_Nullable rows,
                     int row_count, double rate) CT_RETURNS_RETAINED;
/// The first `count` 32-bit words of the stream `key`.
void ct_random_words(uint64_t key, uint32_t *words, int64_t count);

// ---- images ---------------------------------------------------------------------------------------------------
/// What becomes of one image of a batch: it is mirrored left to right, then moved by so many pixels; negative is up and
/// left.
typedef struct CTImageMove {
  bool mirrored;
  int32_t down, right;
} CTImageMove;
/// Images `chosen` of `count` sets of bytes [channels, height, width], moved, as float32 v scale + offset, product and
/// sum each rounded: [chosen_count, channels, height, width], or rows where `flat`. Pixels that a shift leaves open are
/// 0 before they are scaled, or the image reflected without its edge. `moves` has one for each of `chosen`, or is null.
CT_RESULT ct_image_batch(const uint8_t *pixels, int64_t count, int64_t channels, int64_t height, int64_t width,
                         const int64_t *chosen, int64_t chosen_count, const CTImageMove *_Nullable moves, bool reflects,
                         double scale, double offset, bool flat, CTDevice device) CT_RETURNS_RETAINED;
/// Images [N, C, H, W] as bytes [N, H, W, C] on the CPU: the nearest of 256 levels from `low` to `high`, those beyond
/// clamped, NaN 0.
CT_RESULT ct_image_bytes(CT_OPERAND images, double low, double high) CT_RETURNS_RETAINED;

// ---- element by element ---------------------------------------------------------------------------------------
#define CT_UNARY_OPERATIONS(APPLY)                                                                          \
  APPLY(neg) APPLY(abs) APPLY(exp) APPLY(log) APPLY(log1p) APPLY(sqrt) APPLY(square) APPLY(reciprocal)      \
  APPLY(tanh) APPLY(sigmoid) APPLY(relu) APPLY(sin) APPLY(cos) APPLY(isfinite)
#define CT_BINARY_OPERATIONS(APPLY)                                                                         \
  APPLY(add) APPLY(sub) APPLY(mul) APPLY(div) APPLY(maximum) APPLY(minimum) APPLY(eq) APPLY(gt) APPLY(ge)
#define CT_SCALAR_OPERATIONS(APPLY)                                                                         \
  APPLY(add_scalar) APPLY(mul_scalar) APPLY(pow_scalar) APPLY(leaky_relu)                                   \
  APPLY(gt_scalar) APPLY(ge_scalar)
#define CT_DECLARE_UNARY(name) CT_RESULT ct_##name(CT_OPERAND x) CT_RETURNS_RETAINED;
#define CT_DECLARE_BINARY(name) CT_RESULT ct_##name(CT_OPERAND x, CT_OPERAND y) CT_RETURNS_RETAINED;
#define CT_DECLARE_SCALAR(name) CT_RESULT ct_##name(CT_OPERAND x, double scalar) CT_RETURNS_RETAINED;
CT_UNARY_OPERATIONS(CT_DECLARE_UNARY)
CT_BINARY_OPERATIONS(CT_DECLARE_BINARY)
CT_SCALAR_OPERATIONS(CT_DECLARE_SCALAR)
/// log(1 + e^x), from x = 40 on x itself: there the difference is below what a double can show.
CT_RESULT ct_softplus(CT_OPERAND x) CT_RETURNS_RETAINED;
CT_RESULT ct_clamp(CT_OPERAND x, double low, double high) CT_RETURNS_RETAINED;
CT_RESULT ct_where(CT_OPERAND condition, CT_OPERAND x, CT_OPERAND y) CT_RETURNS_RETAINED;

// ---- reductions -----------------------------------------------------------------------------------------------
#define CT_REDUCTIONS(APPLY) APPLY(sum) APPLY(mean) APPLY(amax) APPLY(amin) APPLY(logsumexp)
/// Over the named dimensions, or over all of them where `dimension_count` is 0.
#define CT_DECLARE_REDUCTION(name) \
  CT_RESULT ct_##name(CT_OPERAND x, const int64_t *dimensions, int dimension_count, bool keep) CT_RETURNS_RETAINED;
CT_REDUCTIONS(CT_DECLARE_REDUCTION)
/// Divided by the number of elements less `correction`.
CT_RESULT ct_variance(CT_OPERAND x, const int64_t *dimensions, int dimension_count, int correction, bool keep)
    CT_RETURNS_RETAINED;
/// Whether no element is NaN or infinite.
CT_FAILURE ct_all_finite(CT_OPERAND x, bool *result) CT_RETURNS_RETAINED;
CT_RESULT ct_argmax(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;
CT_RESULT ct_cumsum(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;

// ---- shapes and indices ---------------------------------------------------------------------------------------
CT_RESULT ct_reshape(CT_OPERAND x, const int64_t *sizes, int rank) CT_RETURNS_RETAINED;
CT_RESULT ct_expand(CT_OPERAND x, const int64_t *sizes, int rank) CT_RETURNS_RETAINED;
CT_RESULT ct_permute(CT_OPERAND x, const int64_t *dimensions, int rank) CT_RETURNS_RETAINED;
CT_RESULT ct_transpose(CT_OPERAND x, int64_t first, int64_t second) CT_RETURNS_RETAINED;
CT_RESULT ct_unsqueeze(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;
CT_RESULT ct_squeeze(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;
CT_RESULT ct_narrow(CT_OPERAND x, int64_t dimension, int64_t start, int64_t length) CT_RETURNS_RETAINED;
/// Slices of the given sizes one after the other, in all as long as the dimension.
void ct_split(CT_OPERAND x, int64_t dimension, const int64_t *sizes, int count, CT_RESULTS results);
CT_RESULT ct_flip(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;
CT_RESULT ct_contiguous(CT_OPERAND x) CT_RETURNS_RETAINED;
CT_RESULT ct_clone(CT_OPERAND x) CT_RETURNS_RETAINED;
CT_RESULT ct_cat(CT_OPERANDS parts, int count, int64_t dimension) CT_RETURNS_RETAINED;
/// Each part seen as [leading, rest], side by side as [leading, all rests], or one after the other where `leading` is
/// 0. Parts that stand so in one piece of memory already are not copied.
CT_RESULT ct_flatten(CT_OPERANDS parts, int count, int64_t leading) CT_RETURNS_RETAINED;
CT_RESULT ct_stack(CT_OPERANDS parts, int count, int64_t dimension) CT_RETURNS_RETAINED;
CT_RESULT ct_index_select(CT_OPERAND x, int64_t dimension, CT_OPERAND index) CT_RETURNS_RETAINED;
CT_RESULT ct_gather(CT_OPERAND x, int64_t dimension, CT_OPERAND index) CT_RETURNS_RETAINED;
/// In ascending order, without gradient.
CT_RESULT ct_sorted_values(CT_OPERAND x, int64_t dimension) CT_RETURNS_RETAINED;
/// results[0]: the values in ascending order; results[1]: where each stood.
void ct_sort(CT_OPERAND x, int64_t dimension, CT_RESULTS results);

// ---- products -------------------------------------------------------------------------------------------------
CT_RESULT ct_matmul(CT_OPERAND x, CT_OPERAND y) CT_RETURNS_RETAINED;
/// The Euclidean distance of every row of x [N, F] from every row of y [M, F]: [N, M]. From the differences, not by way
/// of a product, which would lose what is close.
CT_RESULT ct_euclidean_distances(CT_OPERAND x, CT_OPERAND y) CT_RETURNS_RETAINED;
/// x W^T + b for x [N, in], W [out, in], b [out]; or for each seed s of x [S, N, in] or [N, in], W [S, out, in],
/// b [S, out]. Without `has_bias`, `bias` is not read.
CT_RESULT ct_linear(CT_OPERAND x, CT_OPERAND weight, CT_OPERAND bias, bool has_bias) CT_RETURNS_RETAINED;
/// x W^T + b with W = g v / sqrt(|v|^2 + epsilon) for each output: x [..., N, in], v `direction` [..., out, in],
/// g `gain` and b `bias` [..., out].
CT_RESULT ct_weight_norm_linear(CT_OPERAND x, CT_OPERAND direction, CT_OPERAND gain, CT_OPERAND bias, double epsilon)
    CT_RETURNS_RETAINED;
typedef enum __attribute__((enum_extensibility(closed))) CTActivation {
  CTActivationIdentity,
  CTActivationTanh,
  CTActivationReLU,
  CTActivationLeakyReLU,  // of slope 0.2
  CTActivationSoftplus,
  CTActivationSigmoid,
} CTActivation;
/// Dense layers one after the other, each followed by its activation; `parameters` are the weight and the bias of each
/// of `count` layers, as ct_linear takes them. results[0]: the last layer's outputs; with `features` results[1]: those
/// of the layer before it (x, where there is one). `fused` false takes the composed form, which wide layers and other
/// devices always do.
void ct_dense_chain(CT_OPERAND x, CT_OPERANDS parameters, const CTActivation *activations, int count, bool features,
                    bool fused, CT_RESULTS results);
/// x [N, in, H, W], weight [out, in / groups, kH, kW], bias [out].
/// `slope`: of a leaky ReLU behind it; 1 for none.
CT_RESULT ct_conv2d(CT_OPERAND x, CT_OPERAND weight, CT_OPERAND bias, bool has_bias, int64_t stride, int64_t padding,
                    int64_t groups, double slope) CT_RETURNS_RETAINED;
/// x [N, in, H, W], weight [in, out / groups, kH, kW], bias [out].
CT_RESULT ct_conv_transpose2d(CT_OPERAND x, CT_OPERAND weight, CT_OPERAND bias, bool has_bias, int64_t stride,
                              int64_t padding, int64_t output_padding, int64_t groups) CT_RETURNS_RETAINED;

// ---- our own kernels ------------------------------------------------------------------------------------------
/// o[..., i, b] = sum over j of exp(-||m[..., i, b, :] - m[..., j, b, :]||_1), j = i included.
/// m [..., N, B, C] -> [..., N, B]; leading dimensions are separate batches.
CT_RESULT ct_pairwise_l1_similarity(CT_OPERAND m) CT_RETURNS_RETAINED;
/// Batches of logits [..., N, K] -> the sum over them of the mean over the last two dimensions of softplus(a) - target
/// a. `fused` false takes the composed form, which other devices always do.
CT_RESULT ct_logistic_loss(CT_OPERANDS batches, const double *targets, int count, bool fused) CT_RETURNS_RETAINED;
/// x [..., R + N, F] or [R + N, C, H, W], its first `reference` rows R the reference batch; gain and bias [F] or [C],
/// or with the dimensions before the rows. `fused` false takes the composed form, which other devices always do.
CT_RESULT ct_virtual_batch_norm(CT_OPERAND x, CT_OPERAND gain, CT_OPERAND bias, int64_t reference, double epsilon,
                                bool fused) CT_RETURNS_RETAINED;

// ---- normalisation --------------------------------------------------------------------------------------------
/// x [N, C, H, W] by the mean and variance of each channel; gain and bias [C]. Without `has_gain`, `gain` is not read.
CT_RESULT ct_batch_norm(CT_OPERAND x, CT_OPERAND gain, bool has_gain, CT_OPERAND bias, double epsilon)
    CT_RETURNS_RETAINED;

// ---- gradients ------------------------------------------------------------------------------------------------
/// Returns the previous mode.
bool ct_set_gradient_enabled(bool enabled);
/// float32 or bfloat16: what this thread makes products of float32 tensors of from now on. Returns what it was.
CTDType ct_set_product_dtype(CTDType dtype);

typedef enum __attribute__((enum_extensibility(closed))) CTConvolutions {
  CTConvolutionsAutomatic,  // by Winograd's algorithm where that is faster
  CTConvolutionsDirect,     // as libtorch makes them
  CTConvolutionsWinograd,   // by Winograd's algorithm wherever it can be
} CTConvolutions;
/// How this thread makes convolutions of float32 tensors on the CPU from now on. Returns how it did.
CTConvolutions ct_set_convolutions(CTConvolutions chosen);
/// Whether this thread's operations from now on are such that their gradients can be differentiated: kernels of ours,
/// which have no second derivative, take their composed form. Returns the previous mode.
bool ct_set_twice_differentiable(bool enabled);
CT_RESULT ct_detach(CT_OPERAND x) CT_RETURNS_RETAINED;
/// Makes `x`, a tensor that no operation produced, one to differentiate by.
CT_FAILURE ct_require_gradient(CT_OPERAND x) CT_RETURNS_RETAINED;
/// d(sum over all elements of y) / d(each of xs), contracted with `cotangent` of y's shape where `has_cotangent`.
/// Zeros for an x that y does not depend on. The graph of y is used up unless `keep_graph` or `create_graph`; with the
/// latter the results have a graph themselves. Where a kernel of ours is in it, differentiating them fails: see
/// ct_set_twice_differentiable.
void ct_gradient(CT_OPERAND y, CT_OPERAND cotangent, bool has_cotangent, CT_OPERANDS xs, int count, bool keep_graph,
                 bool create_graph, CT_RESULTS results);

// ---- optimisers, in place and without gradient ----------------------------------------------------------------
/// velocity = momentum * velocity + gradient; parameters -= rate * velocity
CT_FAILURE ct_momentum_step(CT_OPERAND parameters, CT_OPERAND gradient, CT_OPERAND velocity, double rate,
                            double momentum) CT_RETURNS_RETAINED;
/// Adam; `step` counts from 1. The stabiliser stands inside the square root or beside it. `overflowed`: whether a
/// second moment is infinite or NaN after the step; untouched on failure.
CT_FAILURE ct_adam_step(CT_OPERAND parameters, CT_OPERAND gradient, CT_OPERAND first_moment, CT_OPERAND second_moment,
                        int64_t step, double rate, double beta1, double beta2, double epsilon,
                        bool epsilon_inside_root, bool *overflowed) CT_RETURNS_RETAINED;
/// average += rate * (x - average)
CT_FAILURE ct_average_step(CT_OPERAND average, CT_OPERAND x, double rate) CT_RETURNS_RETAINED;
/// average += (parameters - average) / count; gradient += 2 * weight * (parameters - average), in one pass.
CT_FAILURE ct_historical_average_step(CT_OPERAND average, CT_OPERAND parameters, CT_OPERAND gradient, int64_t count,
                                      double weight) CT_RETURNS_RETAINED;

// ---- TorchScript ----------------------------------------------------------------------------------------------
/// A module that TorchScript saved, with its parameters.
struct CT_SHARED_REFERENCE(ct_script_retain, ct_script_release) CScript;
void ct_script_retain(struct CScript *script);
void ct_script_release(struct CScript *script);
/// The module whose file has these bytes, in evaluation mode, its parameters and buffers as `dtype` where that is not
/// NULL; NULL on failure, and `failure` a failed tensor.
struct CScript *_Nullable ct_script_load(const void *bytes, int64_t count, CTDevice device,
                                         const CTDType *_Nullable dtype, CT_RESULTS failure) CT_RETURNS_RETAINED;
/// Computes the outputs for x, and for `labels` where a recording has them: `result`, NULL before, gets a new
/// reference, or stays NULL on failure.
typedef void (*CTForward)(void *context, struct CTensor *x, struct CTensor *_Nullable labels, CT_RESULTS result);
/// A module whose `forward` does what `forward` does to `example`, and to `labels` where these are not NULL, operation
/// by operation, for any number of rows. It holds `tensors`, the very ones that `forward` computes with, under their
/// names, whose points lead from module to module; those that are `trained` as parameters, the others as buffers.
/// `forward` must not depend on the values of what it computes. NULL on failure, and `failure` a failed tensor.
struct CScript *_Nullable ct_script_trace(const char *name, const char *const _Nonnull *_Nullable names,
                                          CT_OPERANDS tensors, const bool *_Nullable trained, int count,
                                         CT_OPERAND example, struct CTensor *_Nullable labels, CTForward forward,
                                         void *context, CT_RESULTS failure) CT_RETURNS_RETAINED;
/// Hands the bytes of the module's file to `sink`, once; beside the module it holds the texts `extra[i]` under
/// `extra_names[i]`.
CT_FAILURE ct_script_save(struct CScript *script, const char *const _Nonnull *_Nullable extra_names,
                          const char *const _Nonnull *_Nullable extra, int count,
                          void (*sink)(void *context, const void *bytes, int64_t count),
                          void *context) CT_RETURNS_RETAINED;
/// forward(x, names[0]=values[0], ...), or forward(x, labels, ...) where these are not NULL, without gradient; of
/// several outputs the one with the place or name `output`, or the first, or `logits`. Fails where that is not one
/// dense tensor.
CT_RESULT ct_script_forward(struct CScript *script, CT_OPERAND x, struct CTensor *_Nullable labels,
                            const char *const _Nonnull *_Nullable names, const bool *_Nullable values, int count,
                            const char *_Nullable output) CT_RETURNS_RETAINED;

/// What a value of a recorded pass is known to be: its number, and of a tensor the kind of its elements and its sizes
/// in the recording.
typedef struct CTGraphValue {
  int64_t number;
  bool is_tensor;  // with `rank`, `sizes` and `dtype`
  int rank;
  const int64_t *_Nullable sizes;
  CTDType dtype;
} CTGraphValue;
typedef enum __attribute__((enum_extensibility(closed))) CTGraphConstant {
  CTGraphConstantNone,  // an absent argument
  CTGraphConstantInteger,
  CTGraphConstantNumber,
  CTGraphConstantIntegers,
  CTGraphConstantTensor,
  CTGraphConstantOther,  // what no operation of this package is given by value: a device, a text
} CTGraphConstant;
/// One step of a recorded pass: an operation as libtorch's schemas name it (`aten::sum.dim_IntList`), or `prim::Param`
/// (the pass's arguments), `prim::Return` (what it gives), `prim::Constant` (with `constant` and what belongs to it) or
/// `prim::GetAttr` (the parameter `name`, with its `tensor`). Valid for the length of the call that hands it over.
typedef struct CTGraphNode {
  const char *operation;
  const int64_t *_Nullable inputs;  // numbers of values
  int input_count;
  const CTGraphValue *_Nullable outputs;
  int output_count;
  CTGraphConstant constant;
  int64_t integer;
  double number;
  const int64_t *_Nullable integers;
  int integer_count;
  struct CTensor *_Nullable tensor;
  const char *_Nullable name;
} CTGraphNode;
/// Hands the steps of the module's `forward` to `visit`, in order, with what depends on constants alone computed
/// before. Of a module that ct_script_trace has made; one from a file does not know its shapes.
CT_FAILURE ct_script_graph(struct CScript *script, void (*visit)(void *context, const CTGraphNode *node),
                           void *context) CT_RETURNS_RETAINED;

// ---- scores of pictures ---------------------------------------------------------------------------------------
// Features are rows of floats. What these compute does not depend on the number of threads.
/// Calls body(context, 0), ..., body(context, count - 1) on libtorch's threads, each on one, for which libtorch and its
/// libraries take no further threads.
void ct_for_each(int64_t count, void (*body)(void *context, int64_t index), void *context);
/// max(0, x * weight + bias) for x [N, in, H, W], weight [out, in, kH, kW], bias [out]; strides and paddings of rows
/// and columns.
CT_RESULT ct_rectified_conv2d(CT_OPERAND x, CT_OPERAND weight, CT_OPERAND bias, const int64_t stride[_Nonnull 2],
                              const int64_t padding[_Nonnull 2]) CT_RETURNS_RETAINED;
CT_RESULT ct_max_pool2d(CT_OPERAND x, int64_t size, int64_t stride, int64_t padding) CT_RETURNS_RETAINED;
/// The mean of what a window covers of x; the padding does not count.
CT_RESULT ct_average_pool2d(CT_OPERAND x, int64_t size, int64_t stride, int64_t padding) CT_RETURNS_RETAINED;
/// x y^T, float64.
CT_RESULT ct_float64_product(CT_OPERAND x, CT_OPERAND y) CT_RETURNS_RETAINED;
/// Of a symmetric matrix, ascending; its lower half is read.
CT_RESULT ct_symmetric_eigenvalues(CT_OPERAND x) CT_RETURNS_RETAINED;
/// results[0]: the eigenvalues, ascending; results[1]: the eigenvectors as columns.
void ct_symmetric_eigen(CT_OPERAND x, CT_RESULTS results);
CT_RESULT ct_singular_values(CT_OPERAND x) CT_RETURNS_RETAINED;
/// L, lower, with x = L L^T; `is_positive` is false where x is not positive definite, and the result means nothing.
CT_RESULT ct_cholesky(CT_OPERAND x, bool *is_positive) CT_RETURNS_RETAINED;
/// Adds `count` rows to the mean [dimensions] and to the scatter [dimensions, dimensions], the sum of the products of
/// deviations from the mean, of the `before` rows that they are of.
CT_FAILURE ct_add_to_moments(const float *rows, int64_t count, int64_t dimensions, int64_t before, double *mean,
                             double *scatter) CT_RETURNS_RETAINED;
/// The sums of (a.b / dimensions + 1)^3 over the pairs of different rows of x, of different rows of y, and of rows of
/// both.
CT_FAILURE ct_cubic_kernel_sums(const float *x, int64_t x_count, const float *y, int64_t y_count, int64_t dimensions,
                                double sums[_Nonnull 3]) CT_RETURNS_RETAINED;
/// The squared distances of each row to its `wanted` nearest others, ascending: squared [count, wanted]. Fails where
/// rows are not finite.
CT_FAILURE ct_neighbour_distances(const float *rows, int64_t count, int64_t dimensions, int wanted,
                                  double *squared) CT_RETURNS_RETAINED;
/// Squared radii of the balls around points.
typedef struct CTBalls {
  /// Of the real points, for precision, and of the generated ones, for recall: points at the very distance are in,
  /// unless `strict`.
  const double *real_inclusive;
  const double *generated;
  bool strict;
  /// Of the real points, for density and coverage: points at the very distance are out.
  const double *real_exclusive;
} CTBalls;
typedef struct CTMemberships {
  /// 1 where a generated point is in the ball of some real one; 1 where a real point is in that of some generated one.
  uint8_t *generated_in_real;
  uint8_t *real_in_generated;
  /// In how many exclusive balls of real points a generated one is; 1 where some generated point is in that of a real
  /// one.
  int32_t *balls_around_generated;
  uint8_t *real_ball_is_met;
  /// The real point nearest to each generated one, and the squared distance.
  int64_t *nearest_real;
  double *nearest_squared;
} CTMemberships;
/// Fails where rows are not finite.
CT_FAILURE ct_memberships(const float *real, int64_t real_count, const float *generated, int64_t generated_count,
                          int64_t dimensions, const CTBalls *balls, const CTMemberships *result) CT_RETURNS_RETAINED;

// ---- processes that play one game -----------------------------------------------------------------------------
/// Whether process groups are built in: they need the headers of Gloo.
bool ct_processes_available(void);
/// A store of keys that processes share: one of them serves it, or the launcher does.
struct CT_SHARED_REFERENCE(ct_store_retain, ct_store_release) CStore;
void ct_store_retain(struct CStore *store);
void ct_store_release(struct CStore *store);
/// The store at `port` of `host`, which this process `serves` or is a client of; waits up to `seconds` for it to be
/// there, and as long in all that follows. A port of 0 takes a free one. NULL on failure, and `failure` a failed
/// tensor.
struct CStore *_Nullable ct_store_open(const char *host, int port, bool serves, double seconds, CT_RESULTS failure)
    CT_RETURNS_RETAINED;
/// The same keys, each behind `prefix`.
struct CStore *_Nullable ct_store_behind(struct CStore *store, const char *prefix, CT_RESULTS failure)
    CT_RETURNS_RETAINED;
/// Another connection to the same store, for another thread.
struct CStore *_Nullable ct_store_again(struct CStore *store, CT_RESULTS failure) CT_RETURNS_RETAINED;
/// Of one that ct_store_open opened.
int ct_store_port(struct CStore *store);
CT_FAILURE ct_store_set(struct CStore *store, const char *key, const void *bytes, int64_t count) CT_RETURNS_RETAINED;
/// Hands over the bytes of a key, once it has some.
CT_FAILURE ct_store_get(struct CStore *store, const char *key,
                        void (*sink)(void *context, const void *bytes, int64_t count), void *context)
    CT_RETURNS_RETAINED;
CT_FAILURE ct_store_has(struct CStore *store, const char *key, bool *result) CT_RETURNS_RETAINED;
CT_FAILURE ct_store_add(struct CStore *store, const char *key, int64_t amount, int64_t *result) CT_RETURNS_RETAINED;

/// `count` processes, of which this one is `rank`, connected by Gloo. What one calls all must call, in the same order.
struct CT_SHARED_REFERENCE(ct_group_retain, ct_group_release) CGroup;
void ct_group_retain(struct CGroup *group);
void ct_group_release(struct CGroup *group);
/// Listens at `address`, one of this host's own that the others reach. Waits up to `seconds` for the others, now and in
/// each collective. NULL on failure, and `failure` a failed tensor.
struct CGroup *_Nullable ct_group_open(struct CStore *store, int rank, int count, const char *address, double seconds,
                                       CT_RESULTS failure) CT_RETURNS_RETAINED;
/// Whether a collective has failed. The connections are of no use any more then.
bool ct_group_has_failed(struct CGroup *group);
/// The sum of all processes' x, in its place: a contiguous tensor of float32, float64 or int64 on the CPU, of one shape
/// everywhere.
CT_FAILURE ct_group_sum_in_place(struct CGroup *group, CT_OPERAND x) CT_RETURNS_RETAINED;
/// The same begun: x is not to be touched before ct_group_finish, which has to be called.
struct CT_SHARED_REFERENCE(ct_work_retain, ct_work_release) CWork;
void ct_work_retain(struct CWork *work);
void ct_work_release(struct CWork *work);
struct CWork *_Nullable ct_group_begin_sum(struct CGroup *group, CT_OPERAND x, CT_RESULTS failure) CT_RETURNS_RETAINED;
CT_FAILURE ct_group_finish(struct CGroup *group, struct CWork *work) CT_RETURNS_RETAINED;
/// x of process `root` over that of the others, in place; bytes may be exchanged as well.
CT_FAILURE ct_group_broadcast(struct CGroup *group, CT_OPERAND x, int root) CT_RETURNS_RETAINED;
/// x of every process, in the order of their ranks along a new first dimension, with a gradient of any order: each
/// process gets the sum of what all owe its x. Of one shape everywhere.
CT_RESULT ct_group_gather(struct CGroup *group, CT_OPERAND x) CT_RETURNS_RETAINED;

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
