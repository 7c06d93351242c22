// SimCluster: another cluster's API as far as roles, bindings and namespaces go: lists by label,
// reads, writes, watches, a refusal where the namespace is not there. SimWays: many of them, with
// ways that come and go. Thread: any. Owns: its objects.
#pragma once

#include <cstdlib>
#include <map>
#include <mutex>
#include <set>

#include "engine/cluster/ways.h"
#include "engine/controllers/management/rbac_content.h"

namespace tests {

class SimCluster final : public engine::Transport {
 public:
  explicit SimCluster(storage::Env& env) : env_(env) {}

  void call(engine::ClusterCall call, Done done) override {
    using namespace engine;
    auto answer = std::make_shared<std::optional<Result<Response>>>();
    {
      std::lock_guard lock(mutex_);
      ++calls_;
      if (!reachable_)
        *answer = Status::service_unavailable("connection refused");
      else if (call.target.find("watch=1") != std::string::npos)
        watch({plural_of(call.target), labelled(call.target), call.on_body, done},
              revision_of(call.target));
      else
        *answer = serve(call);
    }
    if (!*answer) return;
    env_.post([done = std::move(done), answer] { done(std::move(**answer)); });
  }

  // As somebody with kubectl in that cluster.
  void put(const std::string& plural, const std::string& key, engine::Json object) {
    std::lock_guard lock(mutex_);
    store(plural, key, std::move(object));
  }
  void erase(const std::string& plural, const std::string& key) {
    std::lock_guard lock(mutex_);
    drop(plural, key);
  }
  void set_namespace(const std::string& name, const std::string& project_id) {
    engine::Json ns = engine::Json::object(
        {{"kind", "Namespace"}, {"metadata", engine::Json::object({{"name", name}})}});
    if (!project_id.empty())
      ns["metadata"]["annotations"].set("field.cattle.io/projectId", project_id);
    put("namespaces", "/" + name, std::move(ns));
  }
  std::optional<engine::Json> get(const std::string& plural, const std::string& key) {
    std::lock_guard lock(mutex_);
    auto found = objects_[plural].find(key);
    if (found == objects_[plural].end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, engine::Json> all(const std::string& plural) {
    std::lock_guard lock(mutex_);
    return objects_[plural];
  }
  size_t count(const std::string& plural) {
    std::lock_guard lock(mutex_);
    return objects_[plural].size();
  }
  size_t calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }
  // Watches of a kind that are open now.
  size_t watching(const std::string& plural) {
    std::lock_guard lock(mutex_);
    size_t out = 0;
    for (const Watch& watch : watches_) out += watch.plural == plural ? 1 : 0;
    return out;
  }
  // Writes are answered so from now on; 0: as they should be.
  void refuse_writes(int status) {
    std::lock_guard lock(mutex_);
    refusing_ = status;
  }
  void reachable(const std::string& yes) {
    std::vector<Watch> cut;
    {
      std::lock_guard lock(mutex_);
      reachable_ = yes == "yes";
      if (!reachable_) cut.swap(watches_);
    }
    for (Watch& watch : cut)
      env_.post([done = std::move(watch.done)] {
        done(engine::Status::service_unavailable("the connection was closed"));
      });
  }

  // Whether the user (u:NAME or g:NAME) may, by what is in this cluster.
  bool may(const std::string& subject, const std::string& verb, const std::string& resource,
           const std::string& ns, const std::string& group = {}) {
    using namespace engine;
    std::lock_guard lock(mutex_);
    Attributes asked{};
    asked.verb = verb;
    asked.group = group;
    asked.resource = resource;
    asked.ns = ns;
    for (const char* plural : {"clusterrolebindings", "rolebindings"})
      for (const auto& [key, binding] : objects_[plural]) {
        if (key[0] != '/' && key.substr(0, key.find('/')) != ns) continue;
        const Json& one = binding.find("subjects")->as_array()[0];
        std::string whom =
            (one.str("kind") == "Group" ? "g:" : "u:") + std::string(one.str("name"));
        if (whom != subject) continue;
        auto role =
            objects_["clusterroles"].find("/" + std::string(binding.str({"roleRef", "name"})));
        if (role == objects_["clusterroles"].end()) continue;
        for (const auto& rule : PolicyRule::parse_all(role->second.find("rules")))
          if (rule.allows(asked)) return true;
      }
    return false;
  }

 private:
  struct Watch {
    std::string plural;
    bool labelled;
    std::function<void(std::string_view)> on_body;
    Done done;
  };

  struct Happened {
    uint64_t revision;
    std::string plural;
    bool ours;
    std::string line;
  };

  static std::vector<std::string> parts(const std::string& target) {
    std::vector<std::string> out;
    std::string path = target.substr(0, target.find('?'));
    for (size_t at = 1; at <= path.size();) {
      size_t slash = std::min(path.find('/', at), path.size());
      out.push_back(path.substr(at, slash - at));
      at = slash + 1;
    }
    out.erase(out.begin(), out.begin() + (out[0] == "api" ? 2 : 3));
    return out;
  }
  static std::string plural_of(const std::string& target) {
    auto named = parts(target);
    return named.size() >= 3 ? named[2] : named[0];
  }
  static bool labelled(const std::string& target) {
    return target.find("labelSelector=") != std::string::npos;
  }
  static engine::Response reply(int status, const engine::Json& body) {
    engine::Response out;
    out.status = status;
    out.body = dump(body);
    return out;
  }
  static engine::Response refusal(int status, const char* reason) {
    return reply(status,
                 engine::Json::object({{"kind", "Status"}, {"code", status}, {"reason", reason}}));
  }

  static uint64_t revision_of(const std::string& target) {
    static constexpr std::string_view kParameter = "resourceVersion=";
    const size_t at = target.find(kParameter);
    if (at == std::string::npos) return 0;
    return std::strtoull(target.c_str() + at + kParameter.size(), nullptr, 10);
  }

  // What happened since the revision that it names comes first, as from any API server.
  void watch(Watch watch, uint64_t after) {
    for (const Happened& one : happened_)
      if (one.revision > after) tell(watch, one);
    watches_.push_back(std::move(watch));
  }
  static void tell(const Watch& watch, const Happened& one) {
    if (watch.plural == one.plural && (!watch.labelled || one.ours)) watch.on_body(one.line);
  }
  void tell(const std::string& plural, const char* type, const engine::Json& object) {
    happened_.push_back({revision_, plural, engine::is_made_by_us(object),
                         dump(engine::Json::object({{"type", type}, {"object", object}})) + "\n"});
    for (const Watch& watch : watches_) tell(watch, happened_.back());
  }
  engine::Json store(const std::string& plural, const std::string& key, engine::Json object) {
    object["metadata"].set("resourceVersion", std::to_string(++revision_));
    auto [at, fresh] = objects_[plural].insert_or_assign(key, object);
    tell(plural, fresh ? "ADDED" : "MODIFIED", object);
    return object;
  }
  void drop(const std::string& plural, const std::string& key) {
    auto found = objects_[plural].find(key);
    if (found == objects_[plural].end()) return;
    engine::Json object = std::move(found->second);
    objects_[plural].erase(found);
    object["metadata"].set("resourceVersion", std::to_string(++revision_));
    tell(plural, "DELETED", object);
  }

  engine::Response serve(const engine::ClusterCall& call) {
    using namespace engine;
    auto named = parts(call.target);
    std::string ns;
    if (named.size() >= 3) {
      ns = named[1];
      named.erase(named.begin(), named.begin() + 2);
    }
    const std::string& plural = named[0];
    if (named.size() == 1 && call.method == "GET") return list(call.target, plural);
    if (refusing_ != 0 && call.method != "GET") return refusal(refusing_, "Forbidden");
    Json body = call.body.empty() ? Json() : MUST(parse_json(call.body));
    std::string key =
        ns + "/" + (named.size() > 1 ? named[1] : std::string(body.str({"metadata", "name"})));
    auto& of = objects_[plural];
    const bool there = of.count(key) > 0;
    if (call.method == "POST") {
      if (!ns.empty() && !objects_["namespaces"].count("/" + ns)) return refusal(404, "NotFound");
      if (there) return refusal(409, "AlreadyExists");
      return reply(201, store(plural, key, std::move(body)));
    }
    if (!there) return refusal(404, "NotFound");
    if (call.method == "GET") return reply(200, of[key]);
    if (call.method == "PATCH") return reply(200, store(plural, key, merged(of[key], body)));
    if (call.method == "PUT") return reply(200, store(plural, key, std::move(body)));
    drop(plural, key);
    return reply(200, Json::object({{"kind", "Status"}, {"status", "Success"}}));
  }
  static engine::Json merged(engine::Json object, const engine::Json& patch) {
    for (const auto& [key, value] : patch.as_object()) {
      if (value.is_null())
        object.erase(key);
      else if (value.is_object())
        object.set(key,
                   merged(object.find(key) ? *object.find(key) : engine::Json::object(), value));
      else
        object.set(key, value);
    }
    return object;
  }
  engine::Response list(const std::string& target, const std::string& plural) {
    engine::Json items = engine::Json::array();
    for (const auto& [key, object] : objects_[plural])
      if (!labelled(target) || engine::is_made_by_us(object)) items.push_back(object);
    return reply(
        200,
        engine::Json::object(
            {{"metadata", engine::Json::object({{"resourceVersion", std::to_string(revision_)}})},
             {"items", std::move(items)}}));
  }

  storage::Env& env_;
  std::mutex mutex_;
  bool reachable_ = true;
  int refusing_ = 0;
  size_t calls_ = 0;
  uint64_t revision_ = 1;
  std::map<std::string, std::map<std::string, engine::Json>> objects_;
  std::vector<Watch> watches_;
  std::vector<Happened> happened_;
};

class SimWays final : public engine::ClusterWays {
 public:
  std::shared_ptr<SimCluster> add(storage::Env& env, const std::string& id) {
    std::lock_guard lock(mutex_);
    return clusters_[id] = std::make_shared<SimCluster>(env);
  }
  void open(const std::string& id, const std::string& yes) {
    std::lock_guard lock(mutex_);
    if (yes == "yes")
      closed_.erase(id);
    else
      closed_.insert(id);
  }
  engine::ClusterLink link(std::string_view) const override { return {}; }
  std::shared_ptr<engine::Transport> transport(std::string_view id) override {
    std::lock_guard lock(mutex_);
    auto found = clusters_.find(id);
    if (found == clusters_.end() || closed_.count(std::string(id))) return nullptr;
    return found->second;
  }
  void use(std::string_view, const engine::ClusterAccess&) override {}
  void answered(std::string_view, const std::string&) override {}
  void forget(std::string_view, const std::string&) override {}
  void withdraw(std::string_view, std::string_view) override {}
  Address address(std::string_view) const override { return {}; }
  void on_change(std::function<void(const std::string&)>) override {}

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SimCluster>, std::less<>> clusters_;
  std::set<std::string> closed_;
};

}  // namespace tests
