// ClusterChanges: which objects of a cluster (or of a project in it) change, for those who
// subscribe: this server's own cluster through its dispatcher, another through watches of its API.
// It says only which: whoever is told reads the object as the one who asks. What is there at the
// beginning is not told. Thread: any; `heard` is called from any thread, must not block. Owns: its
// watches, until it ends.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/cluster/remote_watch.h"
#include "engine/norman/norman.h"

namespace engine {

class ClusterChanges {
 public:
  enum class What : uint8_t { changed, gone };
  using Heard = std::function<void(const SchemaView&, std::string id, What)>;
  // Of the schemas (of a union each of its own). `way` is the server's, to the cluster.
  ClusterChanges(Norman& norman, std::string context, RemoteWatch::Way way,
                 const std::vector<const SchemaView*>& schemas, Heard heard);
  ~ClusterChanges();
  ClusterChanges(const ClusterChanges&) = delete;
  ClusterChanges& operator=(const ClusterChanges&) = delete;

 private:
  struct Shared;
  struct Watched;
  struct Places;
  void follow(const SchemaView& schema);
  void follow_own(const SchemaView& schema, const KindPtr& kind);

  Norman& norman_;
  const std::string context_;
  const RemoteWatch::Way way_;
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Places> places_;  // the namespaces of a project
  std::vector<std::unique_ptr<Watched>> watched_;
  std::vector<std::unique_ptr<Dispatcher::Subscription>> own_;
};

}  // namespace engine
