// What every namespace holds from the beginning: the service account "default" and the config map
// "kube-root-ca.crt" with the certificate that clients inside trust. Both come back when removed.
#include "engine/controllers/controller_set.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

constexpr std::string_view kNamespaces = "/registry/core/namespaces/";
constexpr std::string_view kAccounts = "/registry/core/serviceaccounts/";
constexpr std::string_view kMaps = "/registry/core/configmaps/";
constexpr std::string_view kAccountName = "default";
constexpr std::string_view kMapName = "kube-root-ca.crt";
// A certificate that was renewed reaches every namespace within this time. One key stands for all
// of them: a timer for each would take more room than some of what is made.
constexpr storage::Millis kLookAgain{3'600'000};
constexpr const char* kAll = "";

class NamespaceContents final : public SingleController {
 public:
  NamespaceContents(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"namespace-contents", 2}),
        root_ca_(context.root_ca),
        client_(std::move(client)),
        namespaces_(stored_kind(*client_, "", "namespaces")),
        accounts_(stored_kind(*client_, "", "serviceaccounts")),
        maps_(stored_kind(*client_, "", "configmaps")) {}

  void listen(LogTap& log) override {
    log.add(std::string(kNamespaces), [this](const storage::Event& event) {
      // A namespace that is new; later changes do not matter.
      if (event.value && event.created == event.revision)
        controller_.add(std::string(after_prefix(event.key, kNamespaces)));
    });
    listen_to_end_of(log, kAccounts, kAccountName);
    listen_to_end_of(log, kMaps, kMapName);
  }

  Result<Unit> start() override {
    controller_.add(kAll);
    return Unit{};
  }

 private:
  void listen_to_end_of(LogTap& log, std::string_view prefix, std::string_view name) {
    log.add(std::string(prefix), [this, prefix, name](const storage::Event& event) {
      std::string_view rest = after_prefix(event.key, prefix);
      size_t slash = rest.find('/');
      if (slash == rest.npos || rest.substr(slash + 1) != name) return;
      bool ours = event.value && event.created == event.revision;
      if (!ours) controller_.add(std::string(rest.substr(0, slash)));
    });
  }

  Result<Outcome> look_at_all() {
    TRY(for_each_object(*client_, *namespaces_, "", [this](const Object& object) -> Result<bool> {
      controller_.add(scan_text(scan(*object.bytes, {"metadata", "name"})));
      return true;
    }));
    return Outcome::requeue_after(kLookAgain);
  }

  Result<Outcome> reconcile(const std::string& ns) override {
    if (ns == kAll) return look_at_all();
    auto found = client_->get(*namespaces_, "", ns);
    if (!found) {
      if (found.error().is("NotFound")) return Outcome::done();
      return std::move(found).error();
    }
    if (is_terminating(found.value().json())) return Outcome::done();
    TRY(ensure_account(ns));
    TRY(ensure_map(ns));
    return Outcome::done();
  }

  Result<Unit> ensure_account(const std::string& ns) {
    auto found = client_->get(*accounts_, ns, kAccountName);
    if (found || !found.error().is("NotFound"))
      return found ? Result<Unit>(Unit{}) : Result<Unit>(std::move(found).error());
    return made(client_->create(
        *accounts_, ns,
        Json::object({{"metadata", Json::object({{"name", Json(kAccountName)}})}})));
  }

  Result<Unit> ensure_map(const std::string& ns) {
    std::string pem = root_ca_();
    if (pem.empty()) return Unit{};
    auto found = client_->get(*maps_, ns, kMapName);
    if (!found) {
      if (!found.error().is("NotFound")) return std::move(found).error();
      return made(
          client_->create(*maps_, ns,
                          Json::object({{"metadata", Json::object({{"name", Json(kMapName)}})},
                                        {"data", Json::object({{"ca.crt", Json(pem)}})}})));
    }
    const Json* there = nullptr;
    Json map = found.value().json();
    if (const Json* data = map.find("data")) there = data->find("ca.crt");
    if (there != nullptr && *there == Json(pem)) return Unit{};
    auto changed = client_->modify(*maps_, ns, kMapName, [&](Json& object) -> Result<bool> {
      object["data"] = Json::object({{"ca.crt", Json(pem)}});
      return true;
    });
    if (!changed && !changed.error().is("NotFound")) return std::move(changed).error();
    return Unit{};
  }

  // Somebody else may have been first, and the namespace may have begun to end.
  static Result<Unit> made(Result<Written> result) {
    if (result || result.error().is("AlreadyExists") || result.error().is("Forbidden"))
      return Unit{};
    return std::move(result).error();
  }

  const std::function<std::string()> root_ca_;
  const std::unique_ptr<Client> client_;
  const KindPtr namespaces_, accounts_, maps_;
};

}  // namespace

void register_controller_namespace_contents(ControllerSet& set) {
  set.add(std::make_unique<NamespaceContents>(set.context(), set.client("namespace-contents")));
}

}  // namespace engine
