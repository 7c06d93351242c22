// ResourceQuota: a write that would take more than a quota of its namespace has left is refused, in
// upstream's words. What a write uses or gives back is written to the quota's status in the
// transaction of the write itself, so that `used` is the sum of what is there, whatever happens at
// once; a quota that is new, or whose limits changed, is counted through by the controller
// (controllers/core/resource_quotas.cpp) first. Thread: any. Owns: nothing. Source:
// k8s.io/apiserver pkg/admission/plugin/resourcequota.
#pragma once

#include <memory>

#include "engine/watch/watch_cache.h"

namespace engine {

std::unique_ptr<Admission> make_resource_quota_admission(storage::Store& store,
                                                         Dispatcher& dispatcher, KindSet& kinds);

}  // namespace engine
