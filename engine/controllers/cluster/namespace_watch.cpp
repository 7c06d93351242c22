#include "engine/controllers/cluster/namespace_watch.h"

namespace engine {

// What is removed here is gone in a cluster within ten seconds of its return.
constexpr storage::Millis kLongestPause{5'000};

struct NamespaceWatch::One final : RemoteWatch::Listener {
  One(NamespaceWatch& watch_of, std::string cluster) : owner(watch_of), id(std::move(cluster)) {}

  template <class Tell>
  void each(const Tell& tell) {
    for (NamespaceFollower* follower : owner.followers_) tell(*follower);
  }
  void list_begins() override {
    each([&](NamespaceFollower& f) { f.namespaces_begin(id); });
  }
  void listed(Json object) override {
    each([&](NamespaceFollower& f) { f.namespace_is(id, object); });
  }
  void list_ends() override {
    each([&](NamespaceFollower& f) { f.namespaces_end(id); });
  }
  void changed(Change change, Json object) override {
    each([&](NamespaceFollower& f) {
      change == Change::gone ? f.namespace_gone(id, object) : f.namespace_is(id, object);
    });
  }
  void kick() { watch->kick(); }
  void end() {
    watch->stop();
    if (!stopping) each([&](NamespaceFollower& f) { f.cluster_gone(id); });
  }

  NamespaceWatch& owner;
  const std::string id;
  std::unique_ptr<RemoteWatch> watch;
  bool stopping = false;  // the process ends, not the cluster
};

NamespaceWatch::NamespaceWatch(storage::Env& env, Client& client, ClusterWays& ways)
    : env_(env),
      ways_(ways),
      tracked_(env, client, [this](const std::string& id) { return track(id); }) {}

NamespaceWatch::~NamespaceWatch() {
  stop();
}

std::shared_ptr<NamespaceWatch::One> NamespaceWatch::track(const std::string& id) {
  auto made = std::make_shared<One>(*this, id);
  made->watch = std::make_unique<RemoteWatch>(
      env_, [this, id] { return ways_.transport(id); },
      RemoteWatch::Source{"/api/v1/namespaces", "", 250, kLongestPause}, *made);
  return made;
}

Result<Unit> NamespaceWatch::start() {
  return tracked_.start();
}

void NamespaceWatch::stop() {
  tracked_.stop([](One& one) { one.stopping = true; });
}

void NamespaceWatch::way_changed(const std::string& id) {
  tracked_.kick(id);
}

}  // namespace engine
