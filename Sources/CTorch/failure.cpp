// Failures: what is kept, in which scope, and how it reads.
#include "Internal.h"

#include <optional>
#include <sstream>
#include <vector>

namespace {
/// One entry per open scope of this thread: the first failure in it, if any.
thread_local std::vector<std::optional<std::string>> scopes;
thread_local std::string left;

/// What an operation returns that has failed: no elements, only the reason.
struct FailedTensor final : c10::TensorImpl {
  explicit FailedTensor(std::string reason)
      : TensorImpl(c10::DispatchKeySet(), caffe2::TypeMeta(), std::nullopt), reason(std::move(reason)) {
    key_set_ = c10::DispatchKeySet();
  }
  const std::string reason;
};

ctorch::Handle handle_of(std::string reason) {
  auto made = c10::make_intrusive<FailedTensor>(std::move(reason));
  return reinterpret_cast<ctorch::Handle>(made.release());
}

/// There at the start, for when there is no room to make another.
const ctorch::Handle out_of_memory = handle_of("out of memory");

ctorch::Handle recorded(std::string reason) {
  if (!scopes.empty() && !scopes.back()) scopes.back() = reason;
  return handle_of(std::move(reason));
}

/// libtorch appends hints of several paragraphs to some messages: the first one says what is wrong.
std::string first_paragraph(const char *reason) {
  std::string text(reason);
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\n') continue;
    if (i + 1 == text.size() || text[i + 1] == '\n') return text.substr(0, i);
    text[i] = ' ';
  }
  return text;
}
}  // namespace

namespace ctorch {
Handle retained(Handle handle) {
  ct_retain(handle);
  return handle;
}

Handle failed(const char *operation, const Handle *operands, size_t count, const char *reason) noexcept {
  try {
    std::ostringstream message;
    message << operation;
    for (size_t i = 0; i < count; i++) message << (i == 0 ? " of " : ", ") << tensor(operands[i]).sizes();
    message << ": " << first_paragraph(reason);
    return recorded(message.str());
  } catch (...) {
    return retained(out_of_memory);
  }
}
}  // namespace ctorch

void ct_scope_enter(void) { scopes.emplace_back(); }
const char *ct_scope_leave(void) {
  auto failure = std::move(scopes.back());
  scopes.pop_back();
  if (!failure) return nullptr;
  left = std::move(*failure);
  return left.c_str();
}
CTensor *ct_fail(const char *reason) {
  try {
    return recorded(reason);
  } catch (...) {
    return ctorch::retained(out_of_memory);
  }
}
const char *ct_failure(CTensor *x) {
  return ctorch::has_failed(x) ? static_cast<FailedTensor *>(ctorch::impl(x))->reason.c_str() : nullptr;
}

void ct_retain(CTensor *tensor) { c10::raw::intrusive_ptr::incref(ctorch::impl(tensor)); }
void ct_release(CTensor *tensor) { c10::raw::intrusive_ptr::decref(ctorch::impl(tensor)); }
