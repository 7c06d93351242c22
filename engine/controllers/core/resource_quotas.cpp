// Counts what each ResourceQuota's resources are in use, when the quota is new or its limits
// changed, and again some time later. What happens in between is written by admission, in the
// transaction of each write (access/admission/resource_quota.h): a count here is only written when
// the quota has not changed since the revision that was counted at, so that the two never mix.
// Source: k8s.io/kubernetes pkg/controller/resourcequota.
#include "engine/access/admission/quota_usage.h"
#include "engine/base/limits.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

constexpr std::string_view kPrefix = "/registry/core/resourcequotas/";
// Writes that were under way when the quota came, and so did not know of it, have ended by then.
constexpr storage::Millis kAfterNew{1'000};
constexpr storage::Millis kResync{300'000};
constexpr size_t kPageMax = 500;

class ResourceQuotas final : public SingleController {
 public:
  ResourceQuotas(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"resource-quota", 2}),
        registry_(context.registry),
        client_(std::move(client)),
        quotas_(stored_kind(*client_, "", "resourcequotas")) {}

  void listen(LogTap& log) override {
    log.add(std::string(kPrefix), [this](const storage::Event& event) {
      if (!event.value) return;
      std::string key(after_prefix(event.key, kPrefix));
      if (event.created == event.revision) controller_.add_after(key, kAfterNew);
      if (scan(*event.value, {"spec", "hard"}) != scan(*event.value, {"status", "hard"}))
        controller_.add(std::move(key));
    });
  }

  Result<Unit> start() override {
    return for_each_object(*client_, *quotas_, "", [this](const Object& object) -> Result<bool> {
      controller_.add(scan_text(scan(*object.bytes, {"metadata", "namespace"})) + "/" +
                      scan_text(scan(*object.bytes, {"metadata", "name"})));
      return true;
    });
  }

 private:
  Result<Outcome> reconcile(const std::string& key) override {
    const size_t slash = key.find('/');
    const std::string ns = key.substr(0, slash), name = key.substr(slash + 1);
    for (int i = 0; i < limits::kConflictTriesMax; i++) {
      auto current = registry_.store().current();
      if (!current) return Status::service_unavailable(current.error().message);
      auto found = registry_.get(*quotas_, ns, name, *current);
      if (!found) {
        if (found.error().is("NotFound")) return Outcome::done();
        return std::move(found).error();
      }
      Json quota = found->json();
      if (is_terminating(quota)) return Outcome::done();
      const Json before = quota;
      TRY(count(ns, *current, quota));
      if (quota == before) return Outcome::requeue_after(kResync);
      auto written = client_->update(*quotas_, ns, name, std::move(quota), "status");
      if (written) return Outcome::requeue_after(kResync);
      if (written.error().is("NotFound")) return Outcome::done();
      if (!written.error().is("Conflict")) return std::move(written).error();
    }
    return Status::conflict(quotas_->about(name), "its use changes faster than it can be counted");
  }

  Result<Unit> count(const std::string& ns, Revision at, Json& quota) {
    const Json* spec_hard = quota.at({"spec", "hard"});
    Amounts used;
    auto kinds = client_->kinds();
    for (const KindPtr& kind : kinds_counted(*kinds, spec_hard)) {
      const auto resources = resources_counted(*kind, spec_hard);
      for (const std::string& resource : resources) used.add(resource, {});
      TRY(each(*kind, ns, at, [&](const Json& object) {
        if (!in_quota_scopes(*kind, quota, object)) return;
        const Amounts one = usage_of(*kind, object);
        for (const std::string& resource : resources)
          if (const Quantity* quantity = one.find(resource)) used.add(resource, *quantity);
      }));
    }
    Json& status = quota["status"];
    status.set("hard", spec_hard ? *spec_hard : Json::object());
    status.set("used", used.json());
    return Unit{};
  }

  Result<Unit> each(const Kind& kind, const std::string& ns, Revision at,
                    const std::function<void(const Json&)>& visit) {
    std::string after;
    do {
      auto page = TRY(registry_.list(kind, ns, at, after, kPageMax));
      for (const Object& object : page.objects) visit(object.json());
      after = page.next_key;
    } while (!after.empty());
    return Unit{};
  }

  Registry& registry_;
  const std::unique_ptr<Client> client_;
  const KindPtr quotas_;
};

}  // namespace

void register_controller_resource_quotas(ControllerSet& set) {
  set.add(std::make_unique<ResourceQuotas>(set.context(), set.client("resourcequota-controller")));
}

}  // namespace engine
