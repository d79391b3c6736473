// Failures: what is kept, in which scope, and how it reads.
#include "Internal.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <vector>

namespace {
/// One entry per open scope of this thread: the first failure in it, if any.
thread_local std::vector<std::optional<std::string>> scopes;
thread_local std::string left;

void record(std::string message) {
  if (scopes.empty()) {
    std::fprintf(stderr, "error: %s\n", message.c_str());
    std::abort();
  }
  if (!scopes.back()) scopes.back() = std::move(message);
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
void record_failure(const char *operation, const Handle *operands, size_t count, const char *reason) {
  std::ostringstream message;
  message << operation;
  for (size_t i = 0; i < count; i++) message << (i == 0 ? " of " : ", ") << tensor(operands[i]).sizes();
  message << ": " << first_paragraph(reason);
  record(message.str());
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
void ct_fail(const char *message) { record(message); }

void ct_retain(CTensor *tensor) { c10::raw::intrusive_ptr::incref(ctorch::impl(tensor)); }
void ct_release(CTensor *tensor) { c10::raw::intrusive_ptr::decref(ctorch::impl(tensor)); }
