#include "engine/access/admission/namespace_objects.h"

namespace engine {

Result<const std::atomic<Revision>*> NamespaceObjects::changed() {
  if (const auto* known = changed_.load()) return known;
  auto found = TRY(dispatcher_.changed(*kind_));
  std::lock_guard lock(mutex_);
  if (held_ == nullptr) held_ = std::move(found);
  changed_ = held_.get();
  return held_.get();
}

Result<std::vector<std::shared_ptr<const CachedObject>>> NamespaceObjects::in(std::string_view ns) {
  const auto* changed = TRY(this->changed());
  const Revision at = changed->load();
  if (at == none_at_.load()) return std::vector<std::shared_ptr<const CachedObject>>();
  auto here = TRY(dispatcher_.list(*kind_, ns, nullptr, "", 0));
  if (here.objects.empty()) {
    auto anywhere = TRY(dispatcher_.list(*kind_, "", nullptr, "", 1));
    if (anywhere.objects.empty()) none_at_ = at;
  }
  return std::move(here.objects);
}

}  // namespace engine
