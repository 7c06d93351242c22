#include "engine/access/admission/lifecycle.h"

#include "engine/watch/object_scan.h"

namespace engine {

namespace {

class Lifecycle final : public Admission {
 public:
  Lifecycle(storage::Store& store, Dispatcher& dispatcher, KindSet& kinds)
      : store_(store),
        dispatcher_(dispatcher),
        namespaces_(kinds.snapshot()->stored("", "namespaces")),
        definitions_(
            kinds.snapshot()->stored("apiextensions.k8s.io", "customresourcedefinitions")) {}

  Result<Unit> mutate(AdmissionRequest& request) override {
    using Operation = AdmissionRequest::Operation;
    if (request.operation == Operation::remove && is_namespaces(request.kind))
      return keep_immortal(request);
    if (request.operation != Operation::create) return Unit{};
    if (request.kind.namespaced()) TRY(check_namespace(request));
    if (!request.kind.crd_name.empty() && definitions_ != nullptr) TRY(check_definition(request));
    return Unit{};
  }

 private:
  static bool is_namespaces(const Kind& kind) {
    return kind.group.empty() && kind.plural == "namespaces";
  }

  static Result<Unit> keep_immortal(const AdmissionRequest& request) {
    for (std::string_view name : {"default", "kube-system", "kube-public"})
      if (request.name == name)
        return Status::forbidden(request.kind.about(name), "", "this namespace may not be deleted");
    return Unit{};
  }

  enum class Life : uint8_t { absent, active, ending };

  // The cache may be a moment behind, which only matters for what it does not have: a namespace
  // that was made just now. Upstream has the same moment after one began to end.
  Result<Life> life_of(const Kind& kind, std::string_view name) {
    auto cached = dispatcher_.get(kind, "", name);
    if (cached && cached.value() != nullptr) return life_in(*cached.value()->bytes);
    auto stored = store_.get(kind.key("", name));
    if (!stored) return Status::service_unavailable(stored.error().message);
    if (!stored.value()) return Life::absent;
    return life_in(stored.value()->value);
  }

  static Life life_in(std::string_view bytes) {
    return scan(bytes, {"metadata", "deletionTimestamp"}).empty() ? Life::active : Life::ending;
  }

  Result<Unit> check_namespace(const AdmissionRequest& request) {
    Life life = TRY(life_of(*namespaces_, request.ns));
    if (life == Life::active) return Unit{};
    if (life == Life::absent) return Status::not_found(namespaces_->about(request.ns));
    return Status::forbidden(request.kind.about(request.name), "",
                             "unable to create new content in namespace " +
                                 std::string(request.ns) + " because it is being terminated");
  }

  Result<Unit> check_definition(const AdmissionRequest& request) {
    if (TRY(life_of(*definitions_, request.kind.crd_name)) != Life::ending) return Unit{};
    Status refused = Status::method_not_allowed(request.kind.about(""), "create");
    refused.with_message("create not allowed while custom resource definition is terminating");
    return refused;
  }

  storage::Store& store_;
  Dispatcher& dispatcher_;
  const KindPtr namespaces_, definitions_;
};

}  // namespace

std::unique_ptr<Admission> make_lifecycle_admission(storage::Store& store, Dispatcher& dispatcher,
                                                    KindSet& kinds) {
  return std::make_unique<Lifecycle>(store, dispatcher, kinds);
}

}  // namespace engine
