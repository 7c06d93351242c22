#include "engine/norman/remote.h"

#include <algorithm>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"

#include "engine/cluster/proxy.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";

bool has(const Json* list, std::string_view word) {
  if (!list || !list->is_array()) return false;
  return std::any_of(list->as_array().begin(), list->as_array().end(), [&](const Json& one) {
    return one.is_string() && (one.as_string() == word || one.as_string() == "*");
  });
}

// The names of objects of the kind that a SelfSubjectRulesReview's answer lets its subject read.
std::set<std::string> readable_names(const Json& review, const Kind& kind) {
  std::set<std::string> out;
  const Json* rules = review.at({"status", "resourceRules"});
  if (!rules || !rules->is_array()) return out;
  for (const Json& rule : rules->as_array()) {
    const Json* names = rule.find("resourceNames");
    if (!names || !names->is_array() || !has(rule.find("verbs"), "get") ||
        !has(rule.find("apiGroups"), kind.group) || !has(rule.find("resources"), kind.plural))
      continue;
    for (const Json& name : names->as_array())
      if (name.is_string()) out.insert(std::string(name.as_string()));
  }
  return out;
}

// One request of a client while the cluster is asked: what it needs outlives the request thread.
struct Work : std::enable_shared_from_this<Work> {
  Work(const Call& original, std::string_view object_id)
      : request(original.request),
        call{original.norman, request, original.schema, original.base, original.context, true},
        id(object_id) {}

  const Request request;
  const Call call;
  const std::string id;
  std::string project;  // C:P below /v3/project
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
    const size_t colon = kind->namespaced() ? name.find(':') : name.npos;
    if (colon != name.npos) {
      out += "/namespaces/" + percent_escaped(name.substr(0, colon));
      name.remove_prefix(colon + 1);
    }
    out += "/" + kind->plural;
    if (!name.empty()) out += "/" + percent_escaped(name);
    return out;
  }

  // Gets the refusals of a request: true where it goes on from one.
  using Refused = std::function<bool(const Status&)>;
  // As whom: the user, or the server, which alone may see all namespaces.
  enum class As : uint8_t { user, server };
  void ask(std::string method, std::string where, std::string body, std::string content_type,
           Next next, Refused refused = {}, As as = As::user) {
    ClusterCall out{.method = std::move(method),
                    .target = std::move(where),
                    .headers = as == As::user ? identity : Headers(),
                    .body = std::move(body)};
    out.headers.set("Accept", "application/json");
    if (!out.body.empty()) out.headers.set("Content-Type", std::move(content_type));
    transport->call(std::move(out), [self = shared_from_this(), next = std::move(next),
                                     refused = std::move(refused)](Result<Response> answer) {
      if (!answer) return self->fail(answer.error());
      if (answer->status >= 400) {
        const Status why = status_of(*answer);
        if (!refused || !refused(why)) self->fail(why);
        return;
      }
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
    ask(
        "GET", target(""), "", "",
        [self = shared_from_this()](Json answer) {
          self->show(std::move(answer), [](const Json&) { return true; });
        },
        [self = shared_from_this()](const Status& why) {
          if (why.code() != 403) return false;
          self->list_named();
          return true;
        });
  }

  // Who may not list all is shown what they may read: those that the cluster says their rules name.
  void list_named() {
    Json review = Json::object({{"apiVersion", "authorization.k8s.io/v1"},
                                {"kind", "SelfSubjectRulesReview"},
                                {"spec", Json::object({{"namespace", "default"}})}});
    ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", dump(review),
        "application/json", [self = shared_from_this()](Json answer) {
          auto names = readable_names(answer, *self->kind);
          if (names.empty()) return self->show(Json::object(), [](const Json&) { return false; });
          // The rest of this request is the server's own question, answered in part.
          self->identity = {};
          self->ask("GET", self->target(""), "", "", [self, names](Json all) {
            self->show(std::move(all), [&](const Json& item) {
              return names.count(std::string(item.str({"metadata", "name"}))) > 0;
            });
          });
        });
  }

  void show(Json answer, const std::function<bool(const Json&)>& which) {
    JsonArray objects;
    if (Json* items = answer.find("items"); items && items->is_array())
      for (Json& item : items->as_array())
        if (which(item)) objects.push_back(present(std::move(item)));
    finish(200, call.norman.collection_of(call, std::move(objects)));
  }

  static bool is_in(const Json& ns, const std::string& project) {
    return ns.str({"metadata", "annotations", kProjectIdAnnotation}) == project;
  }

  // Of a project: namespace by namespace, as the user; those that he may not list are left out.
  void list_project() {
    const std::string name = project.substr(project.find(':') + 1);
    ask(
        "GET",
        "/api/v1/namespaces?labelSelector=" +
            percent_escaped(std::string(kProjectIdAnnotation) + "=" + name),
        "", "",
        [self = shared_from_this()](Json answer) {
          auto names = std::make_shared<std::vector<std::string>>();
          if (Json* items = answer.find("items"); items && items->is_array())
            for (const Json& ns : items->as_array())
              if (is_in(ns, self->project)) names->emplace_back(ns.str({"metadata", "name"}));
          self->list_namespaces(names, std::make_shared<JsonArray>());
        },
        {}, As::server);
  }
  void list_namespaces(const std::shared_ptr<std::vector<std::string>>& names,
                       const std::shared_ptr<JsonArray>& objects) {
    if (names->empty()) return finish(200, call.norman.collection_of(call, std::move(*objects)));
    const std::string ns = names->back();
    names->pop_back();
    ask(
        "GET", target(ns + ":"), "", "",
        [self = shared_from_this(), names, objects](Json answer) {
          const Type& type = self->call.norman.parts().types.of(self->call.schema);
          if (Json* items = answer.find("items"); items && items->is_array())
            for (Json& item : items->as_array())
              if (type.holds(item, self->call.schema))
                objects->push_back(self->present(std::move(item)));
          self->list_namespaces(names, objects);
        },
        [self = shared_from_this(), names, objects](const Status& why) {
          if (why.code() != 403) return false;
          self->list_namespaces(names, objects);
          return true;
        });
  }

  // Goes on when the namespace is one of the project's.
  void within(const std::string& ns, std::function<void()> next) {
    ask(
        "GET", "/api/v1/namespaces/" + percent_escaped(ns), "", "",
        [self = shared_from_this(), ns, next = std::move(next)](const Json& found) {
          if (is_in(found, self->project)) return next();
          self->fail(
              Status::other(404, "NotFound", "there is no namespace " + ns + " in this project"));
        },
        {}, As::server);
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
    auto post = [self = shared_from_this(), ns = place.ns, body = dump(*object)] {
      self->ask("POST", self->target(self->project.empty() ? "" : ns + ":"), body,
                "application/json",
                [self](Json made) { self->finish(201, self->present(std::move(made))); });
    };
    project.empty() ? post() : within(place.ns, post);
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
    const bool one = !id.empty();
    if (project.empty() || (!one && request.method != "GET")) return act_on();
    if (!one) return list_project();
    within(id.substr(0, id.find(':')), [self = shared_from_this()] { self->act_on(); });
  }

  void act_on() {
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
    auto kinds = norman_.parts().registry.kinds().snapshot();
    KindPtr clusters = kinds->stored(kGroup, "clusters"),
            projects = kinds->stored(kGroup, "projects");
    const size_t colon = call.context.find(':');
    const std::string cluster = call.context.substr(0, colon);
    auto work = std::make_shared<Work>(call, id);
    if (colon != std::string::npos) {
      const std::string project = call.context.substr(colon + 1);
      if (!norman_.may(call.user(), "get", *projects, cluster, project))
        return Status::other(403, "Forbidden", "can not look up project " + call.context);
      if (!TRY(norman_.parts().dispatcher.get(*projects, cluster, project)))
        return Status::not_found({projects->group, projects->plural, project});
      work->project = call.context;
    } else if (!norman_.may(call.user(), "get", *clusters, "", cluster)) {
      return Status::other(403, "Forbidden", "can not look up cluster " + cluster);
    }
    if (!TRY(norman_.parts().dispatcher.get(*clusters, "", cluster)))
      return Status::not_found({clusters->group, clusters->plural, cluster});
    work->kind = norman_.holder(call.schema);
    if (!work->kind || work->kind->namespaced() == work->project.empty())
      return Status::other(404, "NotFound", "no store found");
    work->transport = clusters_.transport(cluster);
    if (!work->transport)
      return Status::service_unavailable("there is no way to the cluster " + cluster + " now");
    std::vector<std::string> more;
    if (norman_.may(call.user(), "own", *clusters, "", cluster))
      more.emplace_back(kClusterOwnersGroup);
    // The head of a proxied request sets the identity, and refuses names that a header can't carry.
    Request bare;
    bare.method = "GET";
    auto head = TRY(upstream_head(bare, {cluster, "/", ""}, {call.user(), more}, {}));
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
