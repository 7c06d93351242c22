// LimitRanger: containers get the requests and limits that the namespace's LimitRanges name where
// they name none themselves; containers, pods and claims outside of their bounds are refused.
// Thread: any. Owns: nothing. Source: k8s.io/kubernetes plugin/pkg/admission/limitranger.
#pragma once

#include <memory>

#include "engine/watch/watch_cache.h"

namespace engine {

std::unique_ptr<Admission> make_limit_ranger_admission(Dispatcher& dispatcher, KindSet& kinds);

}  // namespace engine
