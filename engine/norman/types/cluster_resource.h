// ClusterResource: base of the types whose objects lie in a cluster and are asked of its API
// (engine/norman/remote.h), below /v3/project in the namespaces of the project, below /v3/cluster
// anywhere. Thread: any, stateless. Owns: its kind.
#pragma once

#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {

class ClusterResource : public Type {
 public:
  explicit ClusterResource(KindPtr there) : there_(std::move(there)) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored(there_->group, there_->plural);
  }
  KindPtr kind_there(const KindSnapshot&, const SchemaView&) const override { return there_; }
  bool lives_in_cluster() const override { return true; }

  Result<Unit> before_create(const Call&, const Json& raw, Json& body, Place&) const override;
  void decorate(const Call& call, const Json& stored, Look& look) const override;

 protected:
  const Kind& there() const { return *there_; }

 private:
  const KindPtr there_;
};

}  // namespace engine
