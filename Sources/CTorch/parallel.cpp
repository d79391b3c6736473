#include "parallel.h"

#include "CTorch.h"
#include "serial.h"

#include <ATen/Parallel.h>
#include <c10/util/ParallelGuard.h>

#include <algorithm>
#include <dlfcn.h>
#include <exception>
#include <mutex>

namespace ctorch {
namespace {

/// What compilers with OpenMP make of a parallel region: runs `body(data)` on every thread of the team. In the library
/// that libtorch itself runs on, hence the same team; null where libtorch has another (macOS), and loops then run on
/// one thread.
using Region = void (*)(void (*body)(void *), void *data, unsigned threads, unsigned flags);
using Number = int (*)();
const auto region = reinterpret_cast<Region>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
const auto thread_number = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
const auto thread_count = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));

/// While it lives, MKL works on the calling thread alone. libtorch tells MKL a number of threads that is to hold inside
/// of parallel regions, too (`mkl_set_dynamic(0)`): there it would still divide a product by that number and compute
/// the parts in turn, and on some processors a part's sums are in another order than the whole's.
class OneMKLThread {
 public:
  OneMKLThread() : before_(set ? set(1) : 0) {}
  ~OneMKLThread() {
    if (set) set(before_);
  }
  OneMKLThread(const OneMKLThread &) = delete;
  OneMKLThread &operator=(const OneMKLThread &) = delete;

 private:
  /// Sets the calling thread's own number, 0 for none of its own, and returns what it was; null where libtorch has no
  /// MKL.
  static inline const auto set = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local"));
  const int before_;
};

struct Loop {
  int64_t begin, end, grain;
  const std::function<void(int64_t, int64_t)> &body;
  std::exception_ptr failure;
  std::mutex mutex;

  void run_part() {
    const int64_t count = end - begin, wanted = (count + grain - 1) / grain;
    const int64_t parts = std::min<int64_t>(thread_count(), wanted), size = (count + parts - 1) / parts;
    const int64_t number = thread_number(), first = begin + number * size;
    if (first >= end) return;
    at::internal::ThreadIdGuard id(static_cast<int>(number));
    c10::ParallelGuard inside(true);
    const OneMKLThread alone;
    try {
      body(first, std::min(end, first + size));
    } catch (...) {
      std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }
};

}  // namespace

void parallel_for(int64_t begin, int64_t end, int64_t grain, const std::function<void(int64_t, int64_t)> &body) {
  if (begin >= end) return;
  grain = std::max<int64_t>(1, grain);
  if (end - begin <= grain || !region || !thread_number || !thread_count || at::in_parallel_region() ||
      at::get_num_threads() == 1) {
    c10::ParallelGuard inside(true);
    body(begin, end);
    return;
  }
  at::internal::lazy_init_num_threads();
  Loop loop = {begin, end, grain, body, nullptr, {}};
  region([](void *data) { static_cast<Loop *>(data)->run_part(); }, &loop, 0, 0);
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace ctorch

void ct_for_each(int64_t count, void (*body)(void *context, int64_t index), void *context) {
  ctorch::for_each_serially(count, [&](int64_t index) { body(context, index); });
}
