#include "engine/norman/remote.h"

#include <algorithm>

#include "engine/cluster/proxy.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";

// One request of a client while the cluster is asked: what it needs outlives the request thread.
struct Work : std::enable_shared_from_this<Work> {
  Work(const Call& original, std::string_view object_id)
      : request(original.request),
        call{original.norman, request, original.schema, original.base, original.context, true},
        id(object_id) {}

  const Request request;
  const Call call;
  const std::string id;
  KindPtr kind;
  std::shared_ptr<Transport> transport;
  Headers identity;
  Reply reply;

  using Next = std::function<void(Json)>;
  void finish(int status, const Json& body) { reply(norman_response(status, body, call.base)); }
  void fail(const Status& status) { reply(norman_error(status)); }

  std::string target(std::string_view name) const {
    std::string out = kind->group.empty() ? "/api/" + kind->version
                                          : "/apis/" + kind->group + "/" + kind->version;
    out += "/" + kind->plural;
    if (!name.empty()) out.append("/").append(name);
    return out;
  }

  void ask(std::string method, std::string where, std::string body, std::string content_type,
           Next next) {
    ClusterCall out{.method = std::move(method),
                    .target = std::move(where),
                    .headers = identity,
                    .body = std::move(body)};
    out.headers.set("Accept", "application/json");
    if (!out.body.empty()) out.headers.set("Content-Type", std::move(content_type));
    transport->call(std::move(out), [self = shared_from_this(),
                                     next = std::move(next)](Result<Response> answer) {
      if (!answer) return self->fail(answer.error());
      if (answer->status >= 400) return self->fail(status_of(*answer));
      auto object = parse_json(answer->body);
      if (!object)
        return self->fail(Status::other(
            502, "BadGateway", "the cluster's answer is not JSON: " + object.error().message()));
      next(std::move(*object));
    });
  }

  Json present(Json object) const {
    // Items of a list come without their kind.
    object.set("apiVersion", kind->api_version());
    object.set("kind", kind->kind);
    return call.norman.present(call, object);
  }

  void list() {
    ask("GET", target(""), "", "", [self = shared_from_this()](Json answer) {
      JsonArray objects;
      if (Json* items = answer.find("items"); items && items->is_array())
        for (Json& item : items->as_array()) objects.push_back(self->present(std::move(item)));
      self->finish(200, self->call.norman.collection_of(self->call, std::move(objects)));
    });
  }

  void read() {
    ask("GET", target(id), "", "", [self = shared_from_this()](Json object) {
      self->finish(200, self->present(std::move(object)));
    });
  }

  void create() {
    Type::Place place;
    auto object = call.norman.new_object(call, *kind, place);
    if (!object) return fail(object.error());
    ask("POST", target(""), dump(*object), "application/json",
        [self = shared_from_this()](Json made) {
          self->finish(201, self->present(std::move(made)));
        });
  }

  void update() {
    ask("GET", target(id), "", "", [self = shared_from_this()](Json stored) {
      auto changes = self->call.norman.changes_of(self->call, stored);
      if (!changes) return self->fail(changes.error());
      if (auto done = self->call.norman.apply_changes(self->call, *changes, stored); !done)
        return self->fail(done.error());
      self->ask("PUT", self->target(self->id), dump(stored), "application/json",
                [self](Json written) { self->finish(200, self->present(std::move(written))); });
    });
  }

  void remove() {
    ask("DELETE", target(id), "", "", [self = shared_from_this()](Json left) {
      // A Status: it is gone. An object: it is going.
      if (left.str("kind") == "Status")
        return self->reply(Response{.status = 204, .headers = {}, .body = {}});
      self->finish(200, self->present(std::move(left)));
    });
  }

  void act(std::string_view action) {
    auto input = parse_json(request.body.empty() ? "{}" : request.body);
    if (!input)
      return fail(Status::other(422, "InvalidBodyContent",
                                "Failed to parse body: " + input.error().message()));
    auto patch = call.norman.parts().types.of(call.schema).remote_patch(call, action, *input);
    if (!patch) return fail(Status::other(404, "ActionNotAvailable", ""));
    if (!*patch) return fail(patch->error());
    ask("PATCH", target(id), dump(**patch), "application/merge-patch+json",
        [self = shared_from_this()](Json) {
          self->reply(Response{.status = 204, .headers = {}, .body = {}});
        });
  }

  void begin() {
    std::string_view action = request.query.get("action");
    const bool one = !id.empty();
    if (request.method == "POST" && one && !action.empty()) return act(action);
    if (request.method == "GET") return one ? read() : list();
    if (request.method == "POST" && !one) return create();
    if (request.method == "PUT" && one) return update();
    if (request.method == "DELETE" && one) return remove();
    fail(Status::other(405, "MethodNotAllow", "Method " + request.method + " not supported"));
  }
};

}  // namespace

Answer Remote::handle(const Call& call, std::string_view id) {
  auto ready = [&]() -> Result<std::shared_ptr<Work>> {
    KindPtr clusters = norman_.parts().registry.kinds().snapshot()->stored(kGroup, "clusters");
    if (!norman_.may(call.user(), "get", *clusters, "", call.context))
      return Status::other(403, "Forbidden", "can not look up cluster " + call.context);
    if (!TRY(norman_.parts().dispatcher.get(*clusters, "", call.context)))
      return Status::not_found({clusters->group, clusters->plural, call.context});
    auto work = std::make_shared<Work>(call, id);
    work->kind = norman_.holder(call.schema);
    if (!work->kind || work->kind->namespaced())
      return Status::other(404, "NotFound", "no store found");
    work->transport = clusters_.transport(call.context);
    if (!work->transport)
      return Status::service_unavailable("there is no way to the cluster " + call.context + " now");
    std::vector<std::string> more;
    if (norman_.may(call.user(), "own", *clusters, "", call.context))
      more.emplace_back(kClusterOwnersGroup);
    // The head of a proxied request sets the identity, and refuses names that a header can't carry.
    Request bare;
    bare.method = "GET";
    auto head = TRY(upstream_head(bare, {call.context, "/", ""}, {call.user(), more}, {}));
    for (const auto& [name, value] : head.headers)
      if (name.starts_with("Impersonate-")) work->identity.add(name, value);
    return work;
  }();
  if (!ready) return norman_error(ready.error());
  return Pending{[work = *ready](Reply reply) {
    work->reply = std::move(reply);
    work->begin();
  }};
}

}  // namespace engine
