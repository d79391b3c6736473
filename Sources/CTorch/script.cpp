// TorchScript modules: read from files, run, recorded and written. The headers of the interpreter take long to compile:
// they stay in this file.
#include "Internal.h"

#include <caffe2/serialize/read_adapter_interface.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace ctorch;

namespace {
/// A CScript is the module's object itself, counted by its own reference count, as a CTensor is its tensor's.
using Object = c10::ivalue::Object;

Object *object(CScript *script) { return reinterpret_cast<Object *>(script); }

/// A file in memory, borrowed for as long as it is read.
struct Bytes : caffe2::serialize::ReadAdapterInterface {
  const char *start;
  size_t count;
  Bytes(const void *bytes, size_t size) : start(static_cast<const char *>(bytes)), count(size) {}
  size_t size() const override { return count; }
  size_t read(uint64_t position, void *buffer, size_t wanted, const char *) const override {
    if (position >= count) return 0;
    size_t found = std::min<size_t>(wanted, count - position);
    std::memcpy(buffer, start + position, found);
    return found;
  }
};

/// The interpreter puts a trace through the module's source before the reason, and the reader of files puts guesses
/// behind it; the reason alone is what is wanted.
std::string reason(const std::string &message) {
  auto guesses = message.find(". This is an internal miniz error.");
  if (guesses != std::string::npos) return message.substr(0, guesses);
  if (message.find("TorchScript") == std::string::npos) return message;
  auto end = message.find_last_not_of(" :\n");
  if (end == std::string::npos) return message;
  auto start = message.rfind("\nRuntimeError: ");
  start = start != std::string::npos ? start + std::strlen("\nRuntimeError: ") : message.rfind('\n', end) + 1;
  return message.substr(start, end + 1 - start);
}

/// What `body` returns; what it throws is cut down to its reason.
template <class Body>
auto tersely(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const c10::Error &error) {
    TORCH_CHECK(false, reason(error.what_without_backtrace()));
  } catch (const std::exception &error) {
    TORCH_CHECK(false, reason(error.what()));
  }
}

/// One of several outputs: by its place from 0, by its name, or the first (of outputs with names, `logits`) where
/// `which` is NULL.
c10::IValue chosen(const c10::IValue &value, const char *which) {
  std::vector<c10::IValue> parts;
  std::vector<std::string> names;
  if (value.isTuple()) {
    for (const auto &part : value.toTupleRef().elements()) parts.push_back(part);
    auto type = value.type()->cast<c10::TupleType>();
    if (type && type->schema())
      for (const auto &argument : type->schema()->arguments()) names.push_back(argument.name());
  } else if (value.isList()) {
    for (const auto &part : value.toListRef()) parts.push_back(part);
  } else if (value.isGenericDict()) {
    for (const auto &entry : value.toGenericDict()) {
      if (!entry.key().isString()) continue;
      names.push_back(entry.key().toStringRef());
      parts.push_back(entry.value());
    }
  } else {
    TORCH_CHECK(!which, "the module returns one output, of which '", which, "' would be a part");
    return value;
  }
  TORCH_CHECK(!parts.empty(), "the module returns no outputs");
  const auto named = std::find(names.begin(), names.end(), which ? which : "logits");
  if (named != names.end()) return parts[named - names.begin()];
  if (!which && (names.empty() || value.isTuple() || parts.size() == 1)) return parts[0];
  char *end = nullptr;
  const auto place = which ? std::strtol(which, &end, 10) : -1;
  if (which && end != which && !*end && place >= 0 && place < static_cast<long>(parts.size())) return parts[place];
  std::ostringstream known;
  for (size_t i = 0; i < parts.size(); i++) known << (i ? ", " : "") << i << (i < names.size() ? " " + names[i] : "");
  TORCH_CHECK(false, "the module returns several outputs (", known.str(), "), ",
              which ? std::string("none of which is '") + which + "'"
                    : std::string("and which of them is meant is not said"));
}

at::Tensor checked(const c10::IValue &value) {
  TORCH_CHECK(value.isTensor(), "the module returns a value of kind ", value.tagKind(), ", not one tensor");
  auto y = value.toTensor();
  TORCH_CHECK(y.defined() && y.layout() == at::kStrided, "the module returns no dense tensor");
  switch (y.scalar_type()) {
    case at::kFloat: case at::kDouble: case at::kBFloat16: case at::kLong: case at::kByte: case at::kBool: break;
    case at::kHalf: y = y.to(at::kFloat); break;
    default: TORCH_CHECK(false, "the module returns elements of kind ", y.scalar_type());
  }
  return y.detach();
}

/// A module without code, in evaluation mode as Python knows it.
torch::jit::Module empty_module(const std::string &name, const std::shared_ptr<torch::jit::CompilationUnit> &unit) {
  torch::jit::Module module(c10::QualifiedName(name), unit, /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

/// Places `value` at the end of `path`, `hidden.0.weight`, in modules that are made on the way.
void place(torch::jit::Module module, const std::string &path, const at::Tensor &value, bool trained) {
  std::string rest = path, type = module.type()->name()->qualifiedName();
  for (auto point = rest.find('.'); point != std::string::npos; point = rest.find('.')) {
    const auto part = rest.substr(0, point);
    rest = rest.substr(point + 1);
    // An identifier in the file's source, which a number is not.
    type += "_" + part;
    if (!module.hasattr(part)) module.register_module(part, empty_module(type, module._ivalue()->compilation_unit()));
    module = module.attr(part).toModule();
  }
  TORCH_CHECK(!module.hasattr(rest), "'", path, "' is there twice");
  module.register_parameter(rest, value, /*is_buffer=*/!trained);
}

/// Which of our kinds libtorch's is; false for one that we have not.
bool known_dtype(at::ScalarType type, CTDType &dtype) {
  for (auto known : {CTDTypeFloat32, CTDTypeFloat64, CTDTypeBFloat16, CTDTypeInt64, CTDTypeUInt8, CTDTypeBool})
    if (scalar_type(known) == type) {
      dtype = known;
      return true;
    }
  return false;
}

/// The outputs of a step as CTGraphValues, with the sizes that they point to.
struct GraphValues {
  std::vector<CTGraphValue> values;
  std::vector<std::vector<int64_t>> sizes;

  explicit GraphValues(at::ArrayRef<torch::jit::Value *> of) : sizes(of.size()) {
    for (size_t i = 0; i < of.size(); i++) {
      CTGraphValue value = {};
      value.number = static_cast<int64_t>(of[i]->unique());
      auto type = of[i]->type()->cast<c10::TensorType>();
      auto known = type ? type->sizes().concrete_sizes() : std::nullopt;
      if (known && type->scalarType() && known_dtype(*type->scalarType(), value.dtype)) {
        sizes[i] = *known;
        value.is_tensor = true;
        value.rank = static_cast<int>(sizes[i].size());
        value.sizes = sizes[i].data();
      }
      values.push_back(value);
    }
  }
};

/// What a constant is, in `node`; `integers` and `held` keep what `node` points to.
void describe(const c10::IValue &value, CTGraphNode &node, std::vector<int64_t> &integers, at::Tensor &held) {
  node.constant = CTGraphConstantOther;
  if (value.isNone()) {
    node.constant = CTGraphConstantNone;
  } else if (value.isBool() || value.isInt()) {
    node.constant = CTGraphConstantInteger;
    node.integer = value.isBool() ? value.toBool() : value.toInt();
  } else if (value.isDouble()) {
    node.constant = CTGraphConstantNumber;
    node.number = value.toDouble();
  } else if (value.isIntList()) {
    node.constant = CTGraphConstantIntegers;
    integers = value.toIntVector();
    node.integers = integers.data();
    node.integer_count = static_cast<int>(integers.size());
  } else if (value.isTensor() && value.toTensor().defined()) {
    CTDType dtype;
    if (!known_dtype(value.toTensor().scalar_type(), dtype)) return;
    node.constant = CTGraphConstantTensor;
    held = value.toTensor();
    node.tensor = reinterpret_cast<CTensor *>(held.unsafeGetTensorImpl());
  }
}
}  // namespace

CTensor *ct_script_graph(CScript *script, void (*visit)(void *, const CTGraphNode *), void *context) {
  return attempt("graph", {}, [&] {
    torch::jit::Module module(c10::intrusive_ptr<Object>::unsafe_reclaim_from_nonowning(object(script)));
    auto graph = module.get_method("forward").graph()->copy();
    torch::jit::ConstantPropagation(graph);
    torch::jit::EliminateDeadCode(graph);
    struct Place {
      torch::jit::Module module;
      std::string path;  // with a point behind it
    };
    std::unordered_map<const torch::jit::Value *, Place> modules = {{graph->inputs()[0], {module, ""}}};
    auto step = [&](const char *operation, at::ArrayRef<torch::jit::Value *> inputs,
                    at::ArrayRef<torch::jit::Value *> outputs, auto change) {
      std::vector<int64_t> numbers;
      for (auto *input : inputs) numbers.push_back(static_cast<int64_t>(input->unique()));
      GraphValues values(outputs);
      CTGraphNode node = {};
      node.operation = operation;
      node.inputs = numbers.data(), node.input_count = static_cast<int>(numbers.size());
      node.outputs = values.values.data(), node.output_count = static_cast<int>(values.values.size());
      change(node);
      visit(context, &node);
    };
    auto nothing = [](CTGraphNode &) {};
    step("prim::Param", {}, graph->inputs().slice(1), nothing);
    for (auto *node : graph->nodes()) {
      if (node->kind() == c10::prim::GetAttr) {
        const auto &owner = modules.at(node->input());
        const auto &name = node->s(c10::attr::name);
        const auto attribute = owner.module.attr(name);
        const auto path = owner.path + name;
        if (attribute.isModule()) {
          modules.insert({node->output(), Place{attribute.toModule(), path + "."}});
          continue;
        }
        const auto tensor = checked(attribute);
        step("prim::GetAttr", {}, node->outputs(), [&](CTGraphNode &step) {
          step.name = path.c_str();
          step.tensor = reinterpret_cast<CTensor *>(tensor.unsafeGetTensorImpl());
        });
      } else if (node->kind() == c10::prim::Constant) {
        std::vector<int64_t> integers;
        at::Tensor held;
        const auto value = torch::jit::toIValue(node->output());
        step("prim::Constant", {}, node->outputs(), [&](CTGraphNode &step) {
          step.constant = CTGraphConstantOther;
          if (value) describe(*value, step, integers, held);
        });
      } else {
        std::string operation = node->kind().toQualString();
        if (const auto *schema = node->maybeSchema(); schema && !schema->overload_name().empty())
          operation += "." + schema->overload_name();
        step(operation.c_str(), node->inputs(), node->outputs(), nothing);
      }
    }
    step("prim::Return", graph->outputs(), {}, nothing);
  });
}

void ctorch::keep_leading_sizes(const at::Tensor &x, const int64_t *sizes, int rank, const char *argument) {
  namespace tracer = torch::jit::tracer;
  for (int i = 0; i < rank && i < x.dim() && sizes[i] == x.size(i); i++)
    tracer::ArgumentStash::stashIntArrayRefElem(argument, rank, i, tracer::getSizeOf(x, i));
}

CScript *ct_script_trace(const char *name, const char *const *names, CTensor *const *tensors, const bool *trained,
                         int count, CTensor *example, CTensor *labels, CTForward forward, void *context,
                         CTensor **failure) {
  CScript *script = nullptr;
  std::vector<Handle> operands = {example};
  operands.insert(operands.end(), tensors, tensors + count);
  if (labels) operands.push_back(labels);
  *failure = attempt("trace", operands.data(), operands.size(), [&] {
    c10::NoGradGuard without_gradient;
    auto unit = std::make_shared<torch::jit::CompilationUnit>();
    auto module = empty_module(std::string("__torch__.") + name, unit);
    for (int i = 0; i < count; i++) place(module, names[i], tensor(tensors[i]), trained[i]);
    auto record = [&](torch::jit::Stack inputs) -> torch::jit::Stack {
      CTensor *result = nullptr;
      auto input = [&](size_t i) {
        return i < inputs.size() ? reinterpret_cast<CTensor *>(inputs[i].toTensor().unsafeGetTensorImpl()) : nullptr;
      };
      forward(context, input(0), input(1), &result);
      TORCH_CHECK(result, "what was to be recorded has failed");
      at::Tensor y(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(impl(result)));
      TORCH_CHECK(!has_failed(result), ct_failure(result));
      return {y};
    };
    torch::jit::Stack inputs = {tensor(example)};
    std::vector<std::string> arguments = {"x"};
    if (labels) {
      inputs.push_back(tensor(labels));
      arguments.push_back("labels");
    }
    auto state = torch::jit::tracer::trace(std::move(inputs), record, [](const auto &) { return std::string(); },
                                           /*strict=*/true, /*force_outplace=*/true, &module, arguments);
    torch::jit::EliminateDeadCode(state.first->graph);
    auto function = unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), state.first->graph);
    module.type()->addMethod(function);
    script = reinterpret_cast<CScript *>(module._ivalue().release());
  });
  return script;
}

CTensor *ct_script_save(CScript *script, const char *const *extra_names, const char *const *extra, int count,
                    void (*sink)(void *, const void *, int64_t), void *context) {
  return attempt("save", {}, [&] {
    torch::jit::Module module(c10::intrusive_ptr<Object>::unsafe_reclaim_from_nonowning(object(script)));
    torch::jit::ExtraFilesMap files;
    for (int i = 0; i < count; i++) files[extra_names[i]] = extra[i];
    std::ostringstream stream;
    module.save(stream, files);
    const auto bytes = std::move(stream).str();
    sink(context, bytes.data(), static_cast<int64_t>(bytes.size()));
  });
}

void ct_script_retain(CScript *script) { c10::raw::intrusive_ptr::incref(object(script)); }
void ct_script_release(CScript *script) { c10::raw::intrusive_ptr::decref(object(script)); }

CScript *ct_script_load(const void *bytes, int64_t count, CTDevice place, const CTDType *dtype,
                        CTensor **failure) {
  CScript *script = nullptr;
  *failure = attempt("load", {}, [&] {
    auto file = std::make_shared<Bytes>(bytes, static_cast<size_t>(count));
    auto module = tersely([&] { return torch::jit::load(file, device(place), /*load_debug_files=*/false); });
    TORCH_CHECK(module.find_method("forward"), "the module has no method `forward`");
    module.eval();
    if (dtype) module.to(scalar_type(*dtype));
    script = reinterpret_cast<CScript *>(module._ivalue().release());
  });
  return script;
}

CTensor *ct_script_forward(CScript *script, CTensor *x, CTensor *labels, const char *const *names, const bool *values,
                           int count, const char *output) {
  const Handle operands[] = {x, labels};
  return operation("forward", operands, labels ? 2 : 1, [&] {
    torch::jit::Kwargs keywords;
    for (int i = 0; i < count; i++) keywords[names[i]] = values[i];
    c10::NoGradGuard without_gradient;
    // Unoptimised, the module runs as it is written: the optimiser would first watch some calls, then rewrite it, and
    // results would depend on how many batches came before.
    torch::jit::GraphOptimizerEnabledGuard as_written(false);
    torch::jit::Module module(c10::intrusive_ptr<Object>::unsafe_reclaim_from_nonowning(object(script)));
    torch::jit::Stack inputs = {tensor(x)};
    if (labels) inputs.push_back(tensor(labels));
    return tersely([&] { return checked(chosen(module.forward(std::move(inputs), keywords), output)); });
  });
}
