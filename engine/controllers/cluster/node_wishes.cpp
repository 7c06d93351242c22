#include "engine/controllers/cluster/node_wishes.h"

#include <map>
#include <mutex>
#include <utility>

#include "engine/base/text.h"
#include "engine/cluster/node_drain.h"
#include "engine/cluster/remote_ask.h"
#include "engine/controllers/runtime/informer.h"

namespace engine {
namespace {

using storage::Instant;
using storage::Millis;

constexpr Millis kLookAgain{1'000};
constexpr Millis kEvictAgain{5'000};
constexpr Millis kNoWay{5'000};
constexpr std::string_view kMergePatch = "application/merge-patch+json";
constexpr size_t kNamedMax = 5;  // pods in a message

class NodeWishes final : public ControllerModule {
 public:
  explicit NodeWishes(const ClusterParts& parts)
      : parts_(parts),
        controller_(parts.env, {.name = "node-wishes", .workers_max = 4},
                    [this](const std::string& key) { return reconcile(key); }),
        remote_(std::make_unique<RemoteAsk>(
            parts.ways, [this](const std::string& key) { controller_.add(key); })) {}
  ~NodeWishes() override { stop(); }

  Result<Unit> start() override {
    nodes_ = TRY(management_kind(parts_.client, "nodes"));
    informer_ = std::make_unique<Informer>(
        parts_.env, parts_.client, nodes_, Dispatcher::Interest{}, [this](const WatchEvent& event) {
          const bool wishes =
              event.type != EventType::deleted &&
              (event.object->find("\"desiredNodeUnschedulable\":\"") != std::string::npos ||
               event.object->find("\"metadataUpdate\":{") != std::string::npos ||
               event.object->find("\"updateTaintsFromAPI\":true") != std::string::npos);
          if (wishes) controller_.add(event.ns + "/" + event.name);
        });
    informer_->start();
    return Unit{};
  }
  void stop() override {
    informer_ = nullptr;
    controller_.stop();
    remote_ = nullptr;
  }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }

 private:
  // A drain that has begun.
  struct Run {
    std::optional<Instant> until;  // its end at the latest
    size_t pods_at_first = 0;
    std::map<std::string, std::pair<Instant, std::string>> evicted;  // pod -> again when, why
  };

  std::optional<Result<Response>> ask(const std::string& key, const std::string& what,
                                      const RemoteAsk::Make& call) {
    return remote_->ask(key.substr(0, key.find('/')), key, what, call);
  }

  void forget(const std::string& key) {
    remote_->forget(key);
    std::lock_guard lock(mutex_);
    runs_.erase(key);
  }

  Result<Outcome> reconcile(const std::string& key) {
    const size_t slash = key.find('/');
    const std::string id = key.substr(0, slash), name = key.substr(slash + 1);
    auto found = parts_.client.get(*nodes_, id, name);
    if (!found) {
      forget(key);
      if (found.error().is("NotFound")) return Outcome::done();
      return std::move(found).error();
    }
    const Json object = found->json();
    const std::string node(object.str({"status", "nodeName"}));
    const std::string wish(object.str({"spec", "desiredNodeUnschedulable"}));
    if (node.empty()) return Outcome::done();  // it has not joined yet
    if (wish == "stopDrain") {
      forget(key);
      return finish(id, name, object, Word{"False", "Stopped", "the drain was stopped"});
    }
    const Json patch = wished_patch(object);
    if (patch.is_null()) {
      forget(key);
      return Outcome::done();
    }
    const bool draining = wish == "drain";
    // A drain that has begun needs its patch no more.
    if (!draining || !begun(key)) {
      auto patched = ask(key, "patch " + dump(patch), [&] {
        ClusterCall call{.method = "PATCH", .target = "/api/v1/nodes/" + percent_escaped(node)};
        call.headers.add("Content-Type", std::string(kMergePatch));
        call.body = dump(patch);
        return call;
      });
      if (!patched) return Outcome::done();
      if (!*patched || (*patched)->status >= 300) return refused(id, name, object, *patched);
    }
    if (!draining) {
      forget(key);
      return finish(id, name, object, std::nullopt);
    }
    return drain(key, node, object);
  }

  bool begun(const std::string& key) {
    std::lock_guard lock(mutex_);
    return runs_[key].until.has_value();
  }

  // A cluster that is away is waited for; what it refuses is told and not tried again.
  Result<Outcome> refused(const std::string& id, const std::string& name, const Json& object,
                          const Result<Response>& answer) {
    const Status status = answer ? status_of(*answer) : answer.error();
    if (status.code() >= 500 || status.code() == 429 || status.code() == 409)
      return Outcome::requeue_after(kNoWay);
    forget(id + "/" + name);
    return finish(id, name, object, Word{"False", "Refused", status.message()}, "Updated");
  }

  struct Word {
    std::string status, reason, message;
  };
  // The wishes are off, and what came of them is said.
  Result<Outcome> finish(const std::string& id, const std::string& name, const Json& object,
                         std::optional<Word> word, std::string type = "Drained") {
    const Json* spec = object.find("spec");
    const Json done = spec ? *spec : Json::object();
    TRY(change_object(parts_.client, *nodes_, id, name, [&](Json& node) {
      drop_wishes(node, done);
      if (word)
        set_condition(node, {type, word->status, word->reason, word->message}, parts_.env.wall());
    }));
    return Outcome::done();
  }

  // ---- drain

  Result<Outcome> drain(const std::string& key, const std::string& node, const Json& object) {
    const std::string id = key.substr(0, key.find('/')), name = key.substr(key.find('/') + 1);
    const DrainOptions options = DrainOptions::of(object.at({"spec", "nodeDrainInput"}));
    const Instant now = parts_.env.now();
    bool late = false;
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[key];
      if (!run.until) run.until = now + storage::Seconds(options.timeout_seconds);
      late = now >= *run.until;
    }
    auto listed = ask(key, "pods", [&] {
      return ClusterCall{.target = "/api/v1/pods?fieldSelector=" +
                                   percent_escaped("spec.nodeName=" + node)};
    });
    if (!listed) return Outcome::done();
    if (!*listed || (*listed)->status != 200) return refused(id, name, object, *listed);
    Json answer = TRY(parse_json((*listed)->body));
    static const JsonArray kNone;
    const Json* items = answer.find("items");
    DrainPlan plan = plan_drain(items && items->is_array() ? items->as_array() : kNone, options);
    if (!plan.refusals.empty()) {
      forget(key);
      return finish(id, name, object, Word{"False", "Refused", joined(plan.refusals)});
    }
    if (plan.pods.empty()) {
      forget(key);
      return finish(id, name, object, Word{"True", "", ""});
    }
    const std::string progress = evict(key, plan, options, now);
    if (late) {
      forget(key);
      return finish(id, name, object, Word{"False", "TimedOut", "not done in time: " + progress});
    }
    TRY(change_object(parts_.client, *nodes_, id, name, [&](Json& one) {
      set_condition(one, {"Drained", "Unknown", "Draining", progress}, parts_.env.wall());
    }));
    return Outcome::requeue_after(kLookAgain);
  }

  static std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (size_t i = 0; i < words.size() && i < kNamedMax; i++)
      out += (i == 0 ? "" : "; ") + words[i];
    if (words.size() > kNamedMax)
      out += "; and " + std::to_string(words.size() - kNamedMax) + " more";
    return out;
  }

  // Asks for the evictions that are due; says what is waited for.
  std::string evict(const std::string& key, const DrainPlan& plan, const DrainOptions& options,
                    Instant now) {
    std::vector<std::string> words;
    size_t first = 0;
    {
      std::lock_guard lock(mutex_);
      Run& run = runs_[key];
      run.pods_at_first = std::max(run.pods_at_first, plan.pods.size());
      first = run.pods_at_first;
    }
    for (const DrainPlan::Pod& pod : plan.pods) {
      {
        std::lock_guard lock(mutex_);
        const auto before = runs_[key].evicted.find(pod.uid);
        if (before != runs_[key].evicted.end() && now < before->second.first) {
          words.push_back(pod.key() + before->second.second);
          continue;
        }
      }
      auto answer = ask(key, "evict " + pod.uid, [&] { return eviction(pod, options); });
      std::string said = " (being evicted)";
      Instant again = now;
      if (answer) {
        const int status = *answer ? (*answer)->status : answer->error().code();
        if (status == 429) {
          said = " (held by its disruption budget)";
          again = now + kEvictAgain;
        } else if (status < 300 || status == 404) {
          said = " (ending)";
          again = Instant::max();
        } else {
          said = " (" + (*answer ? status_of(**answer).message() : answer->error().message()) + ")";
          again = now + kEvictAgain;
        }
        std::lock_guard lock(mutex_);
        runs_[key].evicted[pod.uid] = {again, said};
      }
      words.push_back(pod.key() + said);
    }
    return std::to_string(first - std::min(first, plan.pods.size())) + " of " +
           std::to_string(first) + " pods are gone; " + joined(words);
  }

  static ClusterCall eviction(const DrainPlan::Pod& pod, const DrainOptions& options) {
    Json body =
        Json::object({{"apiVersion", "policy/v1"},
                      {"kind", "Eviction"},
                      {"metadata", Json::object({{"name", pod.name}, {"namespace", pod.ns}})}});
    if (options.grace_seconds >= 0)
      body.make({"deleteOptions"}).set("gracePeriodSeconds", options.grace_seconds);
    body.make({"deleteOptions", "preconditions"}).set("uid", pod.uid);
    ClusterCall call{.method = "POST",
                     .target = "/api/v1/namespaces/" + percent_escaped(pod.ns) + "/pods/" +
                               percent_escaped(pod.name) + "/eviction"};
    call.headers.add("Content-Type", "application/json");
    call.body = dump(body);
    return call;
  }

  const ClusterParts parts_;
  KindPtr nodes_;
  std::mutex mutex_;
  std::map<std::string, Run> runs_;
  Controller controller_;
  std::unique_ptr<RemoteAsk> remote_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace

std::unique_ptr<ControllerModule> make_node_wishes(const ClusterParts& parts) {
  return std::make_unique<NodeWishes>(parts);
}

}  // namespace engine
