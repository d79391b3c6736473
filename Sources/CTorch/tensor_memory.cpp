// Memory of tensors on the CPU: large blocks, used again from step to step.
//
// A step asks for the same blocks as the one before. The C library's heap cannot use an aligned block again for one of
// the same size (it looks for one that is larger by the alignment) and falls to pieces; memory that goes back to the
// system comes back page by page, each of which is cleared. Here the smallest free block that is large enough is taken,
// and neighbours that are free are one block.
#include "Internal.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

// Elsewhere pages may be larger than those that mappings are cut at here.
#if defined(__linux__) && defined(__x86_64__)
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace ctorch::tensor_memory {
namespace {

constexpr size_t page = 4096, line = 64, growth = 8 << 20;
/// Smaller ones are the C library's.
constexpr size_t smallest = 256 << 10;
/// More than an address space of 47 bits has.
constexpr size_t largest = size_t{1} << 47;
/// After so many blocks it is seen whether all that is held was needed in this period or the one before. A step of the
/// CIFAR-10 game takes 436.
constexpr int period = 1 << 14;

size_t rounded(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

class Blocks {
 public:
  /// Null where the system has no more.
  void *take(size_t wanted) {
    if (wanted > largest) return nullptr;
    const std::lock_guard lock(mutex);
    // Not all at the start of a page: what lies at the same place of many pages shares few places in the caches. A page
    // more for all, so that blocks for the same tensor stay of one size.
    const size_t offset = now.blocks % (page / line) * line, size = rounded(wanted, page) + page;
    auto found = by_size.lower_bound({size, nullptr});
    if (found == by_size.end()) {
      if (!grow(size)) {
        release(now.held);
        if (!grow(size)) return nullptr;
      }
      found = by_size.lower_bound({size, nullptr});
    }
    auto [length, start] = *found;
    remove(start, length);
    // Its upper end: what is left over is beside what the next growth adds.
    if (length > size) insert(start, length - size);
    char *const block = start + length - size;
    taken.emplace(block + offset, size);
    now.used += size;
    now.most = std::max(now.most, now.used);
    most = std::max(most, now.used);
    if (++now.blocks % period == 0) {
      const size_t needed = std::max(most, most_before);
      if (now.held > needed + needed / 4) release(now.held - needed - needed / 4);
      most_before = std::exchange(most, now.used);
    }
    return block + offset;
  }

  /// Without waiting for others: false is sure.
  bool may_hold(void *pointer) const { return pointer >= bottom.load() && pointer < top.load(); }

  /// Whether `pointer` was taken from here.
  bool give(void *pointer) {
    const std::lock_guard lock(mutex);
    const auto block = taken.find(static_cast<char *>(pointer));
    if (block == taken.end()) return false;
    now.used -= block->second;
    insert(block->first - reinterpret_cast<uintptr_t>(block->first) % page, block->second);
    taken.erase(block);
    return true;
  }

  CTTensorMemory uses(bool starts_anew) {
    const std::lock_guard lock(mutex);
    const CTTensorMemory before = now;
    if (starts_anew) now.most = now.used;
    return before;
  }

 private:
  std::mutex mutex;
  /// Free blocks: no two beside each other.
  std::map<char *, size_t> by_place;
  std::set<std::pair<size_t, char *>> by_size;
  std::map<char *, size_t> taken;
  CTTensorMemory now = {0, 0, 0, 0};
  /// Of bytes taken at once: in this period, and in the one before.
  uint64_t most = 0, most_before = 0;
  /// Where everything lies that was ever held.
  std::atomic<void *> bottom = reinterpret_cast<void *>(UINTPTR_MAX), top = nullptr;
  /// The lowest address that was mapped last.
  char *lowest = nullptr;

  void remove(char *start, size_t length) {
    by_place.erase(start);
    by_size.erase({length, start});
  }

  void insert(char *start, size_t length) {
    auto next = by_place.lower_bound(start);
    if (next != by_place.end() && next->first == start + length) {
      length += next->second;
      remove(next->first, next->second);
    }
    next = by_place.lower_bound(start);
    if (next != by_place.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == start) {
        start = before->first;
        length += before->second;
        remove(start, before->second);
      }
    }
    by_place.emplace(start, length);
    by_size.emplace(length, start);
  }

  /// Has a free block of `size` at least, below what was mapped last where that can be.
  bool grow(size_t size) {
    const auto edge = by_place.find(lowest);
    const size_t missing = rounded(edge == by_place.end() ? size : size - edge->second, growth);
    char *start = lowest ? map(lowest - missing, missing) : nullptr;
    size_t length = missing;
    if (start && start != lowest - missing) {
      munmap(start, missing);
      start = nullptr;
    }
    if (!start) start = map(nullptr, length = rounded(size, growth));
    if (!start) start = map(nullptr, length = size);
    if (!start) return false;
    now.held += length;
    lowest = start;
    bottom = std::min<void *>(bottom, start);
    top = std::max<void *>(top, start + length);
    insert(start, length);
    return true;
  }

  static char *map(char *wish, size_t size) {
    void *const start = mmap(wish, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? nullptr : static_cast<char *>(start);
  }

  /// Gives free blocks back to the system, the largest first, `size` in all or what there is.
  void release(size_t size) {
    while (size && !by_size.empty()) {
      const auto [length, start] = *by_size.rbegin();
      remove(start, length);
      // What is left of a mapping stays one: it may be cut anywhere between pages.
      munmap(start, length);
      now.held -= length;
      if (start == lowest) lowest = nullptr;
      size -= std::min(size, length);
    }
  }
};

/// Lives as long as the process: tensors may be freed after everything else.
Blocks &blocks() {
  static Blocks *const blocks = new Blocks;
  return *blocks;
}

/// One for all, as those want who take memory without a tensor around it (oneDNN's tensors).
void give(void *pointer) {
  if (pointer && !(blocks().may_hold(pointer) && blocks().give(pointer))) c10::free_cpu(pointer);
}

class TensorMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    void *block = size < smallest ? nullptr : blocks().take(size);
    // Which throws, and says how much was asked for, where there is no more.
    if (!block) block = c10::alloc_cpu(size);
    return {block, block, &give, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give; }
  void copy_data(void *to, const void *from, size_t size) const override { default_copy_data(to, from, size); }
};

#if __has_feature(address_sanitizer)
// Which is to see where a tensor ends.
constexpr bool is_in_use = false;
#else
constexpr bool is_in_use = true;
// Above libtorch's own, which has 0.
[[maybe_unused]] const bool installed = [] {
  static TensorMemory memory;
  c10::SetCPUAllocator(&memory, 1);
  return true;
}();
#endif

}  // namespace
}  // namespace ctorch::tensor_memory

bool ct_tensor_memory(bool starts_anew, CTTensorMemory *memory) {
  *memory = ctorch::tensor_memory::blocks().uses(starts_anew);
  return ctorch::tensor_memory::is_in_use;
}
#else
bool ct_tensor_memory(bool, CTTensorMemory *) { return false; }
#endif
