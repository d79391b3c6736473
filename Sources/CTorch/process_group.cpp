// Processes that play one game: PyTorch's key store and its process group over Gloo.
//
// The wheel holds Gloo itself, but not its headers, without which PyTorch does not declare its process group: they are
// Debian's. Nothing of Gloo's is part of the class by value, only pointers are, so that another version of the headers
// lays it out alike; what it does with them is compiled into the wheel. Without the headers there are no process
// groups, and all else is built.
#include "Internal.h"
#include "graph_node.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#if __has_include(<gloo/context.h>)
#define CT_HAS_GLOO 1
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#else
#define CT_HAS_GLOO 0
#endif

#include <ATen/ops/empty.h>
#include <ATen/ops/select.h>

#include <c10/util/Flags.h>
#include <c10/util/Logging.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

C10_DECLARE_int(caffe2_log_level);

namespace ctorch {
namespace {

/// PyTorch's sockets report every attempt to connect, with a stack; what matters of it is in the exceptions.
void silence_sockets() {
  if (!std::getenv("TORCH_CPP_LOG_LEVEL")) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
}

c10d::Store *store_of(CStore *store) { return reinterpret_cast<c10d::Store *>(store); }
c10::intrusive_ptr<c10d::Store> shared(CStore *store) {
  return c10::intrusive_ptr<c10d::Store>::unsafe_reclaim_from_nonowning(store_of(store));
}
CStore *handle_of(c10::intrusive_ptr<c10d::Store> store) { return reinterpret_cast<CStore *>(store.release()); }
c10d::Work *work_of(CWork *work) { return reinterpret_cast<c10d::Work *>(work); }

std::chrono::milliseconds duration(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// PyTorch's group, and whether anything in it has failed.
struct Group : c10::intrusive_ptr_target {
  c10::intrusive_ptr<c10d::Backend> backend;
  std::atomic<bool> has_failed{false};

  /// Waits for what `begin` begins.
  template <class Begin>
  void run(Begin begin) {
    finish(started(begin));
  }
  template <class Begin>
  c10::intrusive_ptr<c10d::Work> started(Begin begin) {
    TORCH_CHECK(!has_failed, "the connection to the other processes is lost");
    try {
      return begin();
    } catch (...) {
      has_failed = true;
      throw;
    }
  }
  void finish(const c10::intrusive_ptr<c10d::Work> &work) {
    try {
      work->wait();
    } catch (...) {
      has_failed = true;
      throw;
    }
  }
};
Group *group_of(CGroup *group) { return reinterpret_cast<Group *>(group); }
c10::intrusive_ptr<Group> shared(CGroup *group) {
  return c10::intrusive_ptr<Group>::unsafe_reclaim_from_nonowning(group_of(group));
}

/// Gloo moves memory as it lies, whatever the strides say, and knows some kinds of elements only.
void check_exchangeable(const at::Tensor &x, bool of_bytes) {
  const auto kind = x.scalar_type();
  TORCH_CHECK(kind == at::kFloat || kind == at::kDouble || kind == at::kLong || (of_bytes && kind == at::kByte),
              "processes do not exchange elements of kind ", kind);
  TORCH_CHECK(x.device().is_cpu(), "processes exchange tensors on the CPU only");
  TORCH_CHECK(x.is_contiguous(), "its elements do not lie row by row, and are exchanged as they lie");
}

c10::intrusive_ptr<c10d::Work> begin_sum(Group &group, const at::Tensor &x) {
  check_exchangeable(x, false);
  return group.started([&] {
    std::vector<at::Tensor> tensors = {x.detach()};
    return group.backend->allreduce(tensors);
  });
}

at::Tensor sum(const c10::intrusive_ptr<Group> &group, const at::Tensor &x);

/// y = the sum over all processes of their x: what each owes its y, all owe every x.
struct SummedOverProcesses : torch::autograd::Node {
  using Node::Node;
  c10::intrusive_ptr<Group> group;
  std::string name() const override { return "SummedOverProcesses"; }
  variable_list apply(variable_list &&cotangents) override {
    if (!cotangents[0].defined()) return {at::Tensor()};
    return {sum(group, cotangents[0])};
  }
};

at::Tensor sum(const c10::intrusive_ptr<Group> &group, const at::Tensor &x) {
  auto node = node_of<SummedOverProcesses>(x);
  at::Tensor y;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    y = x.detach().clone(at::MemoryFormat::Contiguous);
    group->finish(begin_sum(*group, y));
  }
  if (node) {
    node->group = group;
    torch::autograd::set_history(y, node);
  }
  return y;
}

/// y = all processes' x side by side: every x is owed the sum of what all owe its slice.
struct GatheredFromProcesses : torch::autograd::Node {
  using Node::Node;
  c10::intrusive_ptr<Group> group;
  std::string name() const override { return "GatheredFromProcesses"; }
  variable_list apply(variable_list &&cotangents) override {
    if (!cotangents[0].defined()) return {at::Tensor()};
    return {sum(group, cotangents[0]).select(0, group->backend->getRank())};
  }
};

at::Tensor gather(const c10::intrusive_ptr<Group> &group, const at::Tensor &x) {
  auto node = node_of<GatheredFromProcesses>(x);
  at::Tensor y;
  {
    at::AutoDispatchBelowADInplaceOrView below_gradients;
    std::vector<at::Tensor> own = {x.detach().contiguous()};
    check_exchangeable(own[0], true);
    std::vector<int64_t> shape = own[0].sizes().vec();
    shape.insert(shape.begin(), group->backend->getSize());
    y = at::empty(shape, own[0].options());
    std::vector<std::vector<at::Tensor>> places(1);
    for (int rank = 0; rank < group->backend->getSize(); rank++) places[0].push_back(y.select(0, rank));
    group->run([&] { return group->backend->allgather(places, own); });
  }
  if (node) {
    node->group = group;
    torch::autograd::set_history(y, node);
  }
  return y;
}

}  // namespace
}  // namespace ctorch

using namespace ctorch;

bool ct_processes_available(void) { return CT_HAS_GLOO; }

void ct_store_retain(CStore *store) { c10::raw::intrusive_ptr::incref(store_of(store)); }
void ct_store_release(CStore *store) { c10::raw::intrusive_ptr::decref(store_of(store)); }
void ct_work_retain(CWork *work) { c10::raw::intrusive_ptr::incref(work_of(work)); }
void ct_work_release(CWork *work) { c10::raw::intrusive_ptr::decref(work_of(work)); }
void ct_group_retain(CGroup *group) { c10::raw::intrusive_ptr::incref(group_of(group)); }
void ct_group_release(CGroup *group) { c10::raw::intrusive_ptr::decref(group_of(group)); }

CStore *ct_store_open(const char *host, int port, bool serves, double seconds, CTensor **failure) {
  CStore *store = nullptr;
  *failure = attempt("store", {}, [&] {
    silence_sockets();
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = serves;
    options.waitWorkers = false;
    options.timeout = duration(seconds);
    store = handle_of(c10::make_intrusive<c10d::TCPStore>(host, options));
  });
  return store;
}
CStore *ct_store_behind(CStore *store, const char *prefix, CTensor **failure) {
  CStore *behind = nullptr;
  *failure = attempt("store", {}, [&] {
    behind = handle_of(c10::make_intrusive<c10d::PrefixStore>(prefix, shared(store)));
  });
  return behind;
}
CStore *ct_store_again(CStore *store, CTensor **failure) {
  CStore *again = nullptr;
  *failure = attempt("store", {}, [&] { again = handle_of(store_of(store)->clone()); });
  return again;
}
int ct_store_port(CStore *store) {
  auto *server = dynamic_cast<c10d::TCPStore *>(store_of(store));
  return server ? server->getPort() : 0;
}
CTensor *ct_store_set(CStore *store, const char *key, const void *bytes, int64_t count) {
  return attempt("store", {}, [&] {
    auto *first = static_cast<const uint8_t *>(bytes);
    store_of(store)->set(key, std::vector<uint8_t>(first, first + count));
  });
}
CTensor *ct_store_get(CStore *store, const char *key, void (*sink)(void *, const void *, int64_t), void *context) {
  return attempt("store", {}, [&] {
    auto bytes = store_of(store)->get(key);
    sink(context, bytes.data(), static_cast<int64_t>(bytes.size()));
  });
}
CTensor *ct_store_has(CStore *store, const char *key, bool *result) {
  return attempt("store", {}, [&] { *result = store_of(store)->check({key}); });
}
CTensor *ct_store_add(CStore *store, const char *key, int64_t amount, int64_t *result) {
  return attempt("store", {}, [&] { *result = store_of(store)->add(key, amount); });
}

CGroup *ct_group_open(CStore *store, int rank, int count, const char *address, double seconds, CTensor **failure) {
  CGroup *result = nullptr;
  *failure = attempt("process group", {}, [&] {
#if CT_HAS_GLOO
    auto options = c10d::ProcessGroupGloo::Options::create(duration(seconds));
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    auto group = c10::make_intrusive<Group>();
    group->backend = c10::make_intrusive<c10d::ProcessGroupGloo>(shared(store), rank, count, options);
    result = reinterpret_cast<CGroup *>(group.release());
#else
    TORCH_CHECK(false,
                "this program was built without Gloo's headers (Debian's libgloo-dev): several processes cannot play");
#endif
  });
  return result;
}
bool ct_group_has_failed(CGroup *group) { return group_of(group)->has_failed; }
CTensor *ct_group_sum_in_place(CGroup *group, CTensor *x) {
  return attempt("sum over processes", {x}, [&] { group_of(group)->finish(begin_sum(*group_of(group), tensor(x))); });
}
CWork *ct_group_begin_sum(CGroup *group, CTensor *x, CTensor **failure) {
  CWork *work = nullptr;
  *failure = attempt("sum over processes", {x}, [&] {
    work = reinterpret_cast<CWork *>(begin_sum(*group_of(group), tensor(x)).release());
  });
  return work;
}
CTensor *ct_group_finish(CGroup *group, CWork *work) {
  return attempt("sum over processes", {}, [&] {
    group_of(group)->finish(c10::intrusive_ptr<c10d::Work>::unsafe_reclaim_from_nonowning(work_of(work)));
  });
}
CTensor *ct_group_broadcast(CGroup *group, CTensor *x, int root) {
  return attempt("broadcast to processes", {x}, [&] {
    check_exchangeable(tensor(x), true);
    group_of(group)->run([&] {
      std::vector<at::Tensor> tensors = {tensor(x).detach()};
      c10d::BroadcastOptions options;
      options.rootRank = root;
      return group_of(group)->backend->broadcast(tensors, options);
    });
  });
}
CTensor *ct_group_gather(CGroup *group, CTensor *x) {
  return operation("gather from processes", {x}, [&] { return gather(shared(group), tensor(x)); });
}
