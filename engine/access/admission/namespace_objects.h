// NamespaceObjects: the objects of one small kind in a namespace (quotas, limit ranges), for rules
// that look at them on every write: where there are none at all, that costs the reading of one
// number. Thread: any. Owns: nothing.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/watch/watch_cache.h"

namespace engine {

class NamespaceObjects {
 public:
  NamespaceObjects(Dispatcher& dispatcher, KindPtr kind)
      : dispatcher_(dispatcher), kind_(std::move(kind)) {}
  const Kind& kind() const { return *kind_; }
  // Everything acknowledged before the call is seen.
  Result<std::vector<std::shared_ptr<const CachedObject>>> in(std::string_view ns);

 private:
  Result<const std::atomic<Revision>*> changed();

  Dispatcher& dispatcher_;
  const KindPtr kind_;
  static constexpr Revision kNever = ~Revision{0};
  // The kind's last change at which there was no object of it.
  std::atomic<Revision> none_at_ = kNever;
  std::atomic<const std::atomic<Revision>*> changed_ = nullptr;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const std::atomic<Revision>> held_;
};

}  // namespace engine
