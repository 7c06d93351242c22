#include "engine/cluster/client.h"

namespace engine {

namespace {

class LocalClient final : public Client {
 public:
  LocalClient(Registry& registry, Dispatcher& dispatcher, std::string name)
      : registry_(registry), dispatcher_(dispatcher), name_(std::move(name)) {
    user_.name = "system:controller:" + name_;
    user_.groups = {"system:masters", "system:authenticated"};
  }

  std::shared_ptr<const KindSnapshot> kinds() override { return registry_.kinds().snapshot(); }

  Result<Object> get(const Kind& kind, std::string_view ns, std::string_view name) override {
    return registry_.get(kind, ns, name);
  }
  Result<Registry::ListPage> list(const Kind& kind, std::string_view ns, Revision at,
                                  std::string_view after_key, size_t limit_max) override {
    return registry_.list(kind, ns, at, after_key, limit_max);
  }
  Result<std::unique_ptr<Dispatcher::Subscription>> follow(const Kind& kind,
                                                           const Dispatcher::Interest& interest,
                                                           Dispatcher::Snapshot& snapshot,
                                                           Dispatcher::Listener listener) override {
    return dispatcher_.list_and_subscribe(kind, interest, snapshot, std::move(listener));
  }

  Result<Written> create(const Kind& kind, std::string_view ns, Json object) override {
    return registry_.create(kind, ns, std::move(object), options({}));
  }
  Result<Written> update(const Kind& kind, std::string_view ns, std::string_view name, Json object,
                         std::string_view subresource) override {
    return registry_.update(kind, ns, name, std::move(object), options(subresource));
  }
  Result<Written> patch(const Kind& kind, std::string_view ns, std::string_view name,
                        PatchType type, std::string_view body,
                        std::string_view subresource) override {
    return registry_.patch(kind, ns, name, type, body, options(subresource));
  }
  Result<Written> modify(const Kind& kind, std::string_view ns, std::string_view name,
                         const std::function<Result<bool>(Json&)>& change,
                         std::string_view subresource) override {
    return registry_.modify(kind, ns, name, options(subresource), change);
  }
  Result<Removed> remove(const Kind& kind, std::string_view ns, std::string_view name,
                         const Removal& removal) override {
    RemoveOptions options;
    options.user = user_;
    options.precondition = removal.precondition;
    options.propagation = removal.propagation;
    return registry_.remove(kind, ns, name, options);
  }

 private:
  WriteOptions options(std::string_view subresource) const {
    WriteOptions out;
    out.user = user_;
    out.field_manager = name_;
    out.field_validation = FieldValidation::ignore;
    out.subresource = std::string(subresource);
    return out;
  }

  Registry& registry_;
  Dispatcher& dispatcher_;
  const std::string name_;
  User user_;
};

}  // namespace

std::unique_ptr<Client> make_local_client(Registry& registry, Dispatcher& dispatcher,
                                          std::string name) {
  return std::make_unique<LocalClient>(registry, dispatcher, std::move(name));
}

}  // namespace engine
