// Gives each ClusterRegistrationToken its secret and the commands that people copy.
#include <array>

#include "engine/base/names.h"
#include "engine/cluster/manifest.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/runtime/informer.h"

namespace engine {
namespace {

constexpr size_t kTokenLength = 54;
constexpr storage::Millis kLookAgain{600'000};  // settings may have changed

std::string new_token(storage::Env& env) {
  // Letters that survive being read aloud; 27 of them, so 54 carry over 250 bits.
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  while (out.size() < kTokenLength) {
    std::array<std::byte, 64> random{};
    env.random_secret(random);
    for (const std::byte b : random) {
      // Above the largest multiple the letters would not be equally likely.
      const auto value = static_cast<unsigned>(b);
      if (value < 243 && out.size() < kTokenLength) out += kLetters[value % kLetters.size()];
    }
  }
  return out;
}

class RegistrationTokenController final : public SingleController {
 public:
  explicit RegistrationTokenController(const ClusterParts& parts)
      : SingleController(parts.env, {.name = "cluster-registration-token"}), parts_(parts) {}
  ~RegistrationTokenController() override { controller_.stop(); }

  Result<Unit> start() override {
    kind_ = TRY(management_kind(parts_.client, "clusterregistrationtokens"));
    informer_ = std::make_unique<Informer>(parts_.env, parts_.client, kind_, Dispatcher::Interest{},
                                           [this](const WatchEvent& event) {
                                             if (event.type == EventType::deleted) return;
                                             controller_.add(event.ns + "/" + event.name);
                                           });
    informer_->start();
    return Unit{};
  }
  void stop() override {
    informer_ = nullptr;
    SingleController::stop();
  }

 private:
  Result<Outcome> reconcile(const std::string& key) override {
    const size_t slash = key.find('/');
    const std::string ns = key.substr(0, slash), name = key.substr(slash + 1);
    const auto found = parts_.client.get(*kind_, ns, name);
    if (!found) {
      if (found.error().is("NotFound")) return Outcome::done();
      return found.error();
    }
    const Json object = found->json();
    std::string cluster(object.str({"spec", "clusterName"}));
    if (cluster != ns || is_ending(object)) return Outcome::done();
    std::string token(object.str({"status", "token"}));
    if (token.empty()) token = new_token(parts_.env);
    const AgentManifest manifest{parts_.facts.url(), token, parts_.facts.ca_checksum(), {}};
    TRY(change_object(parts_.client, *kind_, ns, name, [&](Json& changed) {
      Json& status = changed.make({"status"});
      if (status.str("token").empty()) status.set("token", token);
      if (manifest.server_url.empty()) return;
      const auto commands = registration_commands(manifest, cluster);
      status.set("manifestUrl", commands.manifest_url);
      status.set("command", commands.command);
      status.set("insecureCommand", commands.insecure_command);
      status.set("nodeCommand", commands.node_command);
    }));
    return Outcome::requeue_after(kLookAgain);
  }

  const ClusterParts parts_;
  KindPtr kind_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace

std::unique_ptr<ControllerModule> make_registration_tokens(const ClusterParts& parts) {
  return std::make_unique<RegistrationTokenController>(parts);
}

}  // namespace engine
