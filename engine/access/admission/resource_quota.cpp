#include "engine/access/admission/resource_quota.h"

#include "engine/access/admission/namespace_objects.h"
#include "engine/access/admission/quota_usage.h"
#include "engine/registry/object_bytes.h"

namespace engine {

namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

// cpu=1,memory=2Gi of those among `names`.
std::string printed(const Amounts& amounts, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names)
    if (const Quantity* quantity = amounts.find(name))
      out += (out.empty() ? "" : ",") + name + "=" + quantity->text();
  return out;
}

// Whether upstream checks this write against quotas; all others only change what is used.
bool is_checked(const AdmittedWrite& write) {
  if (write.object == nullptr) return false;
  if (write.old == nullptr) return true;
  if (!write.kind.group.empty()) return false;
  if (write.kind.plural == "pods")
    return write.subresource == "resize" ||
           (write.subresource.empty() &&
            has_active_deadline(*write.object) != has_active_deadline(*write.old));
  return write.subresource.empty() &&
         (write.kind.plural == "services" || write.kind.plural == "persistentvolumeclaims");
}

class ResourceQuotas final : public Admission {
 public:
  ResourceQuotas(storage::Store& store, Dispatcher& dispatcher, KindSet& kinds)
      : store_(store), quotas_(dispatcher, kinds.snapshot()->stored("", "resourcequotas")) {}

  Result<Unit> accompany(const AdmittedWrite& write, Companions& out) override {
    if (!is_quota_counted(write.kind)) return Unit{};
    const bool changes = write.object != nullptr && write.old != nullptr;
    const bool measured = write.kind.group.empty() &&
                          (write.kind.plural == "pods" || write.kind.plural == "services" ||
                           write.kind.plural == "persistentvolumeclaims");
    if (changes && !measured) return Unit{};
    auto quotas = TRY(quotas_.in(write.ns));
    if (quotas.empty()) return Unit{};
    const Use use{write.object ? usage_of(write.kind, *write.object) : Amounts(),
                  write.old ? usage_of(write.kind, *write.old) : Amounts()};
    const bool itself = write.kind.group.empty() && write.kind.plural == "resourcequotas";
    for (const auto& quota : quotas)
      if (!itself || quota->name != write.name) TRY(charge(write, use, quota->name, out));
    return Unit{};
  }

 private:
  struct Use {
    Amounts now, before;
  };

  Result<Unit> charge(const AdmittedWrite& write, const Use& use, const std::string& name,
                      Companions& out) {
    const Kind& kind = quotas_.kind();
    std::string key = kind.key(write.ns, name);
    auto found = store_.get(key);
    if (!found) return Status::service_unavailable(found.error().message);
    if (!found.value()) return Unit{};  // it went a moment ago
    const storage::Record& record = *found.value();
    Json quota = TRY(decode_object(record.value, kind.api_version(), record.modified));
    const Json* hard_json = quota.at({"status", "hard"});
    const auto resources = resources_counted(write.kind, hard_json);
    if (resources.empty()) return Unit{};
    const bool matches = write.object && in_quota_scopes(write.kind, quota, *write.object);
    const bool matched = write.old && in_quota_scopes(write.kind, quota, *write.old);
    Amounts hard, used, delta;
    hard.add(hard_json);
    used.add(quota.at({"status", "used"}));
    for (const std::string& resource : resources) {
      if (const Quantity* now = use.now.find(resource); matches && now != nullptr)
        delta.add(resource, *now);
      if (const Quantity* before = use.before.find(resource); matched && before != nullptr)
        delta.add(resource, {-before->milli, before->binary});
    }
    if (matches && is_checked(write))
      TRY(check({write, use.now, name}, resources, hard, used, delta));
    delta.drop_zeros();
    Json& told = quota.make({"status", "used"});
    bool changed = false;
    for (const auto& [resource, quantity] : delta.all()) {
      if (used.find(resource) == nullptr) continue;  // not counted through yet
      used.add(resource, quantity);
      Quantity sum = *used.find(resource);
      sum.milli = std::max<int64_t>(sum.milli, 0);
      told.set(resource, sum.text());
      changed = true;
    }
    if (!changed) return Unit{};
    out.checks.push_back({key, record.modified});
    out.writes.push_back(
        {std::move(key), encode_object(kind.kind, kind.stored_api_version(), quota)});
    return Unit{};
  }

  struct Checked {
    const AdmittedWrite& write;
    const Amounts& wanted;
    const std::string& quota;
  };
  static Result<Unit> check(const Checked& checked, const std::vector<std::string>& resources,
                            const Amounts& hard, const Amounts& used, const Amounts& delta) {
    const auto& [write, wanted, name] = checked;
    auto refuse = [&write = write](const std::string& why) {
      return Status::forbidden(write.kind.about(write.name), "", why);
    };
    if (std::string missing = missing_for_quota(write.kind, resources, *write.object);
        !missing.empty())
      return refuse("failed quota: " + name + ": " + missing);
    for (const std::string& resource : resources)
      if (used.find(resource) == nullptr)
        return refuse("status unknown for quota: " + name + ", resources: " + joined(resources));
    for (const auto& [resource, quantity] : wanted.all())
      if (quantity.milli < 0) return refuse("quota usage is negative for resource(s): " + resource);
    std::vector<std::string> exceeded;
    for (const auto& [resource, quantity] : delta.all())
      if (quantity.milli > 0 && hard.find(resource) != nullptr &&
          used.find(resource)->milli + quantity.milli > hard.find(resource)->milli)
        exceeded.push_back(resource);
    if (exceeded.empty()) return Unit{};
    return refuse("exceeded quota: " + name + ", requested: " + printed(delta, exceeded) +
                  ", used: " + printed(used, exceeded) + ", limited: " + printed(hard, exceeded));
  }

  storage::Store& store_;
  NamespaceObjects quotas_;
};

}  // namespace

std::unique_ptr<Admission> make_resource_quota_admission(storage::Store& store,
                                                         Dispatcher& dispatcher, KindSet& kinds) {
  return std::make_unique<ResourceQuotas>(store, dispatcher, kinds);
}

}  // namespace engine
