#include "engine/cluster/agent_removal.h"

#include <utility>

#include "engine/cluster/manifest.h"

namespace engine {
namespace {

constexpr storage::Millis kCallTimeout{2'500};
const std::string kBindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/";

bool is_ours(const Json& object) {
  return object.str({"metadata", "labels", "app.kubernetes.io/managed-by"}) == "paddock";
}

std::string binding_words(std::string_view name) {
  return "cluster role binding " + std::string(name);
}
std::string namespace_words() {
  return "namespace " + std::string(kAgentNamespace);
}

class Removing final : public std::enable_shared_from_this<Removing> {
 public:
  Removing(std::shared_ptr<Transport> transport, std::function<void(AgentRemoval)> done)
      : transport_(std::move(transport)), done_(std::move(done)) {}

  void start() {
    remove(kBindings + std::string(kOwnersBinding), binding_words(kOwnersBinding),
           [](Removing& self) { self.hand_over(); });
  }

 private:
  using Then = std::function<void(Removing&)>;

  // The agent's binding becomes the namespace's dependent; then the namespace goes.
  void hand_over() {
    get(
        "/api/v1/namespaces/" + std::string(kAgentNamespace), namespace_words(),
        [](Removing& self, const Json& ns) {
          const Json owner = Json::object({{"apiVersion", "v1"},
                                           {"kind", "Namespace"},
                                           {"name", kAgentNamespace},
                                           {"uid", ns.str({"metadata", "uid"})}});
          ClusterCall call;
          call.method = "PATCH";
          call.target = kBindings + std::string(kAgentBinding);
          call.headers.add("Content-Type", "application/merge-patch+json");
          call.body = dump(Json::object(
              {{"metadata", Json::object({{"ownerReferences", Json::array({owner})}})}}));
          call.timeout = kCallTimeout;
          self.transport_->call(std::move(call),
                                [self = self.shared_from_this()](Result<Response> answer) {
                                  self->note(answer, binding_words(kAgentBinding));
                                  self->remove_namespace();
                                });
        },
        [](Removing& self) { self.finish(); });
  }

  void remove_namespace() {
    remove("/api/v1/namespaces/" + std::string(kAgentNamespace), namespace_words(),
           [](Removing& self) { self.finish(); });
  }

  void get(const std::string& path, const std::string& words,
           std::function<void(Removing&, const Json&)> found, Then otherwise) {
    ClusterCall call;
    call.target = path;
    call.timeout = kCallTimeout;
    transport_->call(std::move(call), [self = shared_from_this(), words, found = std::move(found),
                                       otherwise = std::move(otherwise)](Result<Response> answer) {
      if (answer && answer->status == 404) return otherwise(*self);
      if (!answer || answer->status != 200) {
        self->note(answer, words);
        return otherwise(*self);
      }
      const auto object = parse_json(answer->body);
      // Someone else's of the same name is not touched.
      if (!object || !is_ours(*object)) return otherwise(*self);
      found(*self, *object);
    });
  }

  void remove(const std::string& path, const std::string& words, Then then) {
    get(
        path, words,
        [path, words, then](Removing& self, const Json& object) {
          ClusterCall call;
          call.method = "DELETE";
          call.target = path;
          call.headers.add("Content-Type", "application/json");
          call.body = dump(Json::object(
              {{"kind", "DeleteOptions"},
               {"apiVersion", "v1"},
               {"propagationPolicy", "Background"},
               {"preconditions", Json::object({{"uid", object.str({"metadata", "uid"})}})}}));
          call.timeout = kCallTimeout;
          self.transport_->call(std::move(call), [self = self.shared_from_this(), words,
                                                  then](Result<Response> answer) {
            self->note(answer, words);
            then(*self);
          });
        },
        then);
  }

  void note(const Result<Response>& answer, const std::string& words) {
    if (answer && (answer->status < 300 || answer->status == 404)) {
      report_.removed.push_back(words);
      return;
    }
    report_.left.push_back(
        words + " (" + (answer ? status_of(*answer).message() : answer.error().message()) + ")");
  }

  void finish() { std::exchange(done_, nullptr)(std::move(report_)); }

  const std::shared_ptr<Transport> transport_;
  std::function<void(AgentRemoval)> done_;
  AgentRemoval report_;
};

}  // namespace

void remove_agent(std::shared_ptr<Transport> transport, std::function<void(AgentRemoval)> done) {
  std::make_shared<Removing>(std::move(transport), std::move(done))->start();
}

std::vector<std::string> all_that_may_stay() {
  return {namespace_words(), binding_words(kAgentBinding), binding_words(kOwnersBinding)};
}

std::string in_words(const std::vector<std::string>& things) {
  if (things.empty()) return "nothing";
  std::string out;
  for (size_t i = 0; i < things.size(); ++i) {
    if (i > 0) out += i + 1 == things.size() ? " and " : ", ";
    out += things[i];
  }
  return out;
}

}  // namespace engine
