// Scale: the scale subresource (autoscaling/v1 Scale): the replicas of an object, read from it and
// written to it at the places its kind names. Thread: any. Owns: nothing.
// Source: k8s.io/apiextensions-apiserver pkg/registry/customresource (etcd.go).
#pragma once

#include "engine/kinds/kind.h"

namespace engine {

// REQUIRES: kind.scale is set.
Json scale_of(const Kind& kind, const Json& object);
// Puts what the Scale says into the object; an error when it is not a Scale of this object.
Result<Unit> set_scale(const Kind& kind, const Json& scale, Json& object);

}  // namespace engine
