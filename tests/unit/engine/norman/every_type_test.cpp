// Every type of /v3, generated from the schemas: what is stored can be made, read, listed, changed
// and deleted; whatever stands in a field's place, the answer is the contract's.
#include <algorithm>
#include <map>
#include <set>

#include "engine/controllers/core/batch.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::FreshServer;

namespace {

struct World : FreshServer {
  std::string token;
  World() {
    token = login();
    JsonArray first;
    for (std::string_view ns :
         {"local", "p-one", "p-local", "cattle-global-data", "cattle-global-nt", "here"})
      first.push_back(made("v1", "Namespace", ns));
    first.push_back(made("management.cattle.io/v3", "Cluster", "local"));
    first.back().set("spec", Json::object({{"displayName", "local"}}));
    Json project = made("management.cattle.io/v3", "Project", "p-one");
    project["metadata"].set("namespace", "local");
    project.set("spec", Json::object({{"displayName", "one"}, {"clusterName", "local"}}));
    WriteOptions as{.user = {.name = "tester"}, .field_manager = "tester"};
    MUST(create_together(registry, as, first));
    MUST(create_together(registry, as, {project}));
  }
  static Json made(std::string_view version, std::string_view kind, std::string_view name) {
    return Json::object(
        {{"apiVersion", version}, {"kind", kind}, {"metadata", Json::object({{"name", name}})}});
  }
};

// A value that fits a field. References name what the world has.
class Bodies {
 public:
  explicit Bodies(World& world) : world_(world), schemas_(world.norman->schemas()) {}

  Json body(const SchemaView& schema, int depth = 0) const {
    Json out = Json::object();
    for (const Field& field : schema.fields()) {
      if (!field.create || left_out(field)) continue;
      if (depth > 2 && !field.required) continue;
      Json value = of(schema, field, field.type, depth);
      if (!value.is_null()) out.set(field.name, std::move(value));
    }
    return out;
  }

  Json of(const SchemaView& schema, const Field& field, std::string_view type_text,
          int depth) const {
    const Json* options = field.declaration->find("options");
    if (options && options->is_array() && options->size() > 0) return options->as_array().front();
    TypeName type = split_type(type_text);
    if (type.is_reference())
      return field.required || depth == 0 ? reference(type.inner, field) : Json();
    if (type.is_array()) {
      Json item = of(schema, field, type.inner, depth + 1);
      return item.is_null() ? Json() : Json(JsonArray{std::move(item)});
    }
    if (type.is_map()) return Json::object({{"key", of(schema, field, type.inner, depth + 1)}});
    if (type.outer == "boolean") return true;
    if (type.outer == "int" || type.outer == "float") {
      const Json* min = field.declaration->find("min");
      return min ? Json(static_cast<int64_t>(min->as_real()) + 1) : Json(7);
    }
    if (type.outer == "date") return "2026-11-22T22:10:47Z";
    if (type.outer == "base64") return "dGV4dA==";
    if (type.outer == "intOrString") return 8080;
    if (type.outer == "hostname") return "host.example.com";
    if (type.outer == "json") return Json::object({{"any", "thing"}});
    const SchemaView* nested = schemas_.any(schema.path(), type.outer);
    return nested ? body(*nested, depth + 1) : text(field);
  }

 private:
  // Where an object goes, and what no client writes whole.
  static bool left_out(const Field& field) {
    if (field.name == "namespaceId") return !field.required;
    // What came with the server stays: another test's.
    if (field.name == "builtIn" || field.name == "builtin" || field.name == "locked") return true;
    return field.name == "ownerReferences" || field.name == "annotations" ||
           field.name == "labels" || field.name == "type" || field.name == "baseType";
  }
  Json text(const Field& field) const {
    if (field.name == "name") return "name-" + std::to_string(++names_);
    if (field.name == "externalId") return Json();
    int64_t length = field.declaration->integer({"minLength"}, 4);
    return std::string(static_cast<size_t>(std::max<int64_t>(length, 4)), 'a');
  }
  Json reference(std::string_view to, const Field& field) const {
    std::string type(bare_type(to));
    if (type == "cluster") return "local";
    if (type == "project") return "local:p-one";
    if (type == "namespace") return "here";
    if (!field.required) return Json();
    auto known = made_.find(type);
    if (known != made_.end()) return known->second;
    const SchemaView* schema = schemas_.published("/v3", type);
    if (!schema || !schema->collection_method("POST")) return "some";
    auto made = world_.call("POST", schema->collection_path(), world_.token, dump(body(*schema)));
    INFO(type << ": " << dump(made.body));
    CHECK(made.status == 201);
    return made_.emplace(type, made.body.str("id")).first->second;
  }

  World& world_;
  mutable int names_ = 0;
  mutable std::map<std::string, std::string> made_;
  const SchemaSet& schemas_;
};

// Types that have rules of their own, tested where these are; or that no client makes.
const std::set<std::string, std::less<>> kOwnRules = {"cluster",
                                                      "clusterRegistrationToken",
                                                      "clusterRoleTemplateBinding",
                                                      "globalRole",
                                                      "globalRoleBinding",
                                                      "project",
                                                      "projectRoleTemplateBinding",
                                                      "roleTemplate",
                                                      "token",
                                                      "user",
                                                      "preference",
                                                      "setting",
                                                      "node"};

template <class Visit>
void each_stored_type(World& world, const Visit& visit) {
  const SchemaSet& schemas = world.norman->schemas();
  for (const std::string& id : schemas.ids("/v3")) {
    const SchemaView* schema = schemas.published("/v3", id);
    if (schema->base_type() != schema->id() || !world.norman->holder(*schema)) continue;
    if (schema->collection_method("GET")) visit(*schema);
  }
}

std::string path_of(const SchemaView& schema, std::string_view id = {}) {
  return schema.collection_path() + (id.empty() ? "" : "/" + std::string(id));
}

bool in_list(World& world, const SchemaView& schema, std::string_view id) {
  auto listed = world.call("GET", path_of(schema), world.token);
  if (listed.status != 200) return false;
  for (const Json& object : listed.body.find("data")->as_array())
    if (object.str("id") == id) return true;
  return false;
}

// Fields of the answer that the body set to something else.
std::vector<std::string> lost(const SchemaView& schema, const Json& body, const Json& answer) {
  std::vector<std::string> out;
  for (const auto& [name, value] : body.as_object()) {
    const Field* field = schema.field(name);
    if (!field || field->type == "password" || field->write_only) continue;
    TypeName type = split_type(field->type);
    const Json* there = answer.find(name);
    // Nested objects get types, defaults and nulls; that they came back is enough here.
    const bool plain =
        type.is_reference() || value.is_string() || value.is_bool() || value.is_int();
    if (!there || (plain && !(*there == value)))
      out.push_back(name + ": " + dump(value) + ", not " + (there ? dump(*there) : "there"));
  }
  return out;
}

}  // namespace

SCENARIO("every stored type is made, read, listed, changed and deleted") {
  World world;
  Bodies bodies(world);
  int tested = 0;
  each_stored_type(world, [&](const SchemaView& schema) {
    if (kOwnRules.count(schema.id()) || !schema.collection_method("POST")) return;
    INFO(schema.id());
    Json body = bodies.body(schema);
    auto made = world.call("POST", path_of(schema), world.token, dump(body));
    INFO(dump(body).substr(0, 600));
    INFO(dump(made.body).substr(0, 900));
    CHECK(made.status == 201);
    if (made.status != 201) return;
    for (const std::string& line : lost(schema, body, made.body)) FAIL_CHECK(line);
    const std::string id(made.body.str("id"));
    CHECK(made.body.str("type") == schema.id());
    auto read = made;
    if (schema.resource_method("GET")) {
      read = world.call("GET", path_of(schema, id), world.token);
      CHECK(read.status == 200);
      for (const std::string& line : lost(schema, body, read.body)) FAIL_CHECK(line);
    }
    CHECK(in_list(world, schema, id));
    if (schema.resource_method("PUT")) {
      // Read, sent back whole with one field changed: only that one changes.
      Json again = read.body;
      const bool described = schema.field("description") && schema.field("description")->update;
      if (described) again.set("description", "another");
      auto put = world.call("PUT", path_of(schema, id), world.token, dump(again));
      CHECK(put.status == 200);
      if (described) CHECK(put.body.str("description") == "another");
      Json expected = body;
      expected.erase("description");
      for (const std::string& line : lost(schema, expected, put.body)) FAIL_CHECK(line);
    }
    if (schema.resource_method("DELETE")) {
      auto removed = world.call("DELETE", path_of(schema, id), world.token);
      CHECK((removed.status == 204 || removed.status == 200));
      if (schema.resource_method("GET"))
        CHECK(world.call("GET", path_of(schema, id), world.token).status == 404);
      CHECK_FALSE(in_list(world, schema, id));
    }
    ++tested;
  });
  CHECK(tested > 40);
}

SCENARIO("whatever stands in a field's place, the answer is the contract's") {
  World world;
  Bodies bodies(world);
  const std::vector<Json> wrong = {Json(-1),
                                   Json(1.5),
                                   Json("no such thing"),
                                   Json(true),
                                   Json(JsonArray{}),
                                   Json(JsonArray{Json(JsonArray{Json(7)})}),
                                   Json::object(),
                                   Json::object({{"a", Json::object({{"b", JsonArray{}}})}}),
                                   Json(),
                                   Json(""),
                                   Json(JsonArray{Json::object({{"x", 1}}), Json()})};
  const std::set<std::string, std::less<>> codes = {
      "MissingRequired",   "InvalidOption",     "InvalidFormat",    "InvalidBodyContent",
      "NotNullable",       "MinLimitExceeded",  "MaxLimitExceeded", "MinLengthExceeded",
      "MaxLengthExceeded", "InvalidCharacters", "InvalidReference", "InvalidAction",
      "Forbidden",         "PermissionDenied",  "NotFound",         "MethodNotAllow",
      "Conflict",          "AlreadyExists",     "NotUnique",        "InvalidState"};
  std::map<std::string, int> seen;
  each_stored_type(world, [&](const SchemaView& schema) {
    if (!schema.collection_method("POST")) return;
    const Json body = bodies.body(schema);
    for (const Field& field : schema.fields()) {
      if (field.type == "password" || schema.id() == "token" || schema.id() == "user") continue;
      for (const Json& value : wrong) {
        Json bad = body;
        bad.set(field.name, value);
        auto reply = world.call("POST", path_of(schema), world.token, dump(bad));
        INFO(schema.id() << "." << field.name << " = " << dump(value) << ": "
                         << dump(reply.body).substr(0, 300));
        if (reply.status == 201) {
          if (schema.id() == "cluster" || !schema.resource_method("DELETE")) continue;
          world.call("DELETE", path_of(schema, reply.body.str("id")), world.token);
          continue;
        }
        ++seen[std::string(reply.body.str("code"))];
        // As a 2.5 server says it (examples.json).
        if (reply.body.str("message").starts_with("Error getting role template")) continue;
        CHECK(reply.status < 500);
        CHECK(reply.body.str("type") == "error");
        CHECK(reply.body.integer({"status"}) == reply.status);
        CHECK(codes.count(reply.body.str("code")) == 1);
      }
    }
  });
  CHECK(seen["InvalidFormat"] > 50);
  CHECK(seen["InvalidOption"] > 5);
  CHECK(seen["NotNullable"] > 5);
}

SCENARIO("every kind of the facts has its type or says that there is none") {
  World world;
  auto kinds = world.kinds->snapshot();
  std::set<std::string> held;
  each_stored_type(world, [&](const SchemaView& schema) {
    held.insert(world.norman->holder(schema)->kind);
    auto listed = world.call("GET", path_of(schema), world.token);
    CHECK(listed.status == 200);
    CHECK(listed.body.str("resourceType") == schema.id());
    CHECK(listed.headers.get("X-Api-Schemas") == "https://paddock.test/v3/schemas");
  });
  CHECK(held.size() > 50);
  for (std::string_view without : {"ldapConfigs", "subscribes"})
    CHECK(world.call("GET", "/v3/" + std::string(without), world.token).status == 404);
}

SCENARIO("markers and filters that lie, and ids of others") {
  World world;
  CHECK(world.call("GET", "/v3/projects?marker=c-none:p-none&limit=1", world.token)
            .body.find("data")
            ->size() == 1);
  CHECK(world.call("GET", "/v3/projects?limit=-5&sort=nosuch&order=sideways", world.token)
            .body.find("data")
            ->size() == 1);
  CHECK(world.call("GET", "/v3/projects?limit=99999999999999999999", world.token).status == 200);
  CHECK(world.call("GET", "/v3/projects?clusterId=", world.token).body.find("data")->size() == 0);
  CHECK(world.call("GET", "/v3/projects?name_like=%25%25%25o%25&name_notnull=x", world.token)
            .body.find("data")
            ->size() == 1);
  for (std::string_view id : {"local:p-none", "p-one", ":", "local:", ":p-one", "a:b:c", "..",
                              "local%2Fp-one", "local:p-one:x", "%00", "local:p-one%00"})
    CHECK(world.call("GET", "/v3/projects/" + std::string(id), world.token).status == 404);
  auto made = world.call("POST", "/v3/users", world.token,
                         R"({"username":"lin","name":"Lin","password":"a long enough one"})");
  REQUIRE(made.status == 201);
  auto in = world.call("POST", "/v3-public/localProviders/local?action=login", {},
                       R"({"username":"lin","password":"a long enough one"})");
  const std::string lin(in.body.str("token"));
  for (std::string_view id : {"local:p-one", "local:p-none"})
    CHECK(world.call("GET", "/v3/projects/" + std::string(id), lin).status == 403);
  for (std::string_view query : {"", "?id=local:p-one", "?marker=local:p-one", "?name=one"})
    CHECK(world.call("GET", "/v3/projects" + std::string(query), lin).body.find("data")->size() ==
          0);
  CHECK(world.call("GET", "/v3/clusters/local/projects", lin).body.find("data")->size() == 0);
  CHECK(world.call("PUT", "/v3/projects/local:p-one", lin, R"({"name":"x"})").status == 403);
  CHECK(world.call("DELETE", "/v3/projects/local:p-one", lin).status == 403);
}

SCENARIO("inside of a project there is only what is its own") {
  World world;
  const std::string ours = "/v3/project/local:p-one/pipelines",
                    theirs = "/v3/project/local:p-two/pipelines";
  auto count = [&](const std::string& path) {
    return world.call("GET", path, world.token).body.find("data")->size();
  };
  const std::string body = R"({"repositoryUrl":"https://example.com/r","projectId":"local:p-one"})";
  auto made = world.call("POST", ours, world.token, body);
  INFO(dump(made.body));
  REQUIRE(made.status == 201);
  const std::string id(made.body.str("id"));
  CHECK(id.starts_with("p-one:"));
  CHECK(made.body.str({"links", "self"}) ==
        "https://paddock.test/v3/project/local:p-one/pipelines/" + id);
  CHECK(count(ours) == 1);
  CHECK(count(theirs) == 0);
  CHECK(world.call("GET", ours + "/" + id, world.token).status == 200);
  for (std::string_view method : {"GET", "PUT", "DELETE"})
    CHECK(world.call(std::string(method), theirs + "/" + id, world.token, "{}").status == 404);
  CHECK(count(ours) == 1);
  // An object in another project's namespace cannot be made from here.
  auto elsewhere = world.call(
      "POST", theirs, world.token,
      R"({"repositoryUrl":"https://example.com/r","projectId":"local:p-one","namespaceId":"p-one"})");
  CHECK(elsewhere.status == 422);
  CHECK(elsewhere.body.str("fieldName") == "namespaceId");
}

SCENARIO("what a body refers to has to be there, and to be seen") {
  World world;
  auto refused = [&](std::string_view path, std::string_view body, std::string_view token) {
    auto reply = world.call("POST", std::string(path), token, std::string(body));
    return std::string(reply.body.str("code")) + " " + std::string(reply.body.str("fieldName"));
  };
  const std::string group = R"({"name":"g","projectId":")";
  CHECK(refused("/v3/projectAlertGroups", group + R"(local:p-none"})", world.token) ==
        "InvalidReference projectId");
  CHECK(refused("/v3/clusterAlertGroups", R"({"name":"g","clusterId":"c-none"})", world.token) ==
        "InvalidReference clusterId");
  CHECK(refused("/v3/globalDnsProviders",
                R"({"name":"x","rootDomain":"d","members":[{"userId":"user-none"}]})",
                world.token) != "InvalidReference userId");
  CHECK(refused("/v3/catalogs", R"({"name":"Not_a_name","url":"https://example.com"})",
                world.token) == "InvalidFormat name");
  auto made = world.call("POST", "/v3/projectAlertGroups", world.token, group + R"(local:p-one"})");
  REQUIRE(made.status == 201);
  const std::string path = "/v3/projectAlertGroups/" + std::string(made.body.str("id"));
  // An object is sent back whole though what it names has gone meanwhile.
  auto projects = world.kinds->snapshot()->stored("management.cattle.io", "projects");
  MUST(world.registry.remove(*projects, "local", "p-one", {.user = {.name = "tester"}}));
  CHECK(world.call("PUT", path, world.token, dump(made.body)).status == 200);
}

SCENARIO("what belongs to a cluster or a project is listed inside of it") {
  World world;
  auto of = [&](std::string_view path) {
    auto reply = world.call("GET", std::string(path), world.token);
    return reply.status == 200 ? static_cast<int>(reply.body.find("data")->size()) : -reply.status;
  };
  CHECK(of("/v3/clusters/local/projects") == 1);
  CHECK(of("/v3/cluster/local/projects") == 1);
  CHECK(of("/v3/clusters/c-none/projects") == 0);
  CHECK(of("/v3/clusters/local/projects?name=two") == 0);
  CHECK(of("/v3/projects/local:p-one/projectalerts") == 0);
  CHECK(of("/v3/clusters/local/users") == -404);
  auto made = world.call("POST", "/v3/projectAlertGroups", world.token,
                         R"({"name":"g","projectId":"local:p-one"})");
  REQUIRE(made.status == 201);
  CHECK(made.body.str("namespaceId") == "p-one");
  CHECK(of("/v3/projects/local:p-one/projectalertgroups") == 1);
  CHECK(of("/v3/projects/local:p-two/projectalertgroups") == 0);
  std::string id(made.body.str("id"));
  CHECK(
      world.call("GET", "/v3/projects/local:p-one/projectalertgroups/" + id, world.token).status ==
      200);
  CHECK(
      world.call("GET", "/v3/projects/local:p-two/projectalertgroups/" + id, world.token).status ==
      404);
}

SCENARIO("what has no name of its own is found by the one it is shown under") {
  World world;
  auto made = world.call("POST", "/v3/groups", world.token, "{}");
  REQUIRE(made.status == 201);
  const std::string name(made.body.str("name"));
  CHECK(name == made.body.str("id"));
  CHECK(world.call("GET", "/v3/groups?name=" + name, world.token).body.find("data")->size() == 1);
  CHECK(world.call("GET", "/v3/groups?name_ne=" + name, world.token).body.find("data")->size() ==
        0);
}

SCENARIO("a login through a browser is asked for by its id, and is nobody else's to find") {
  World world;
  auto token = [&](std::string_view name, std::string_view until) {
    Json stored = Json::object({{"metadata", Json::object({{"name", name}})},
                                {"token", "sealed for who asks"},
                                {"expiresAt", until}});
    world.put("samltokens", "cattle-global-data", std::move(stored));
  };
  token("asked", "2999-01-01T00:00:00Z");
  token("late", "1999-01-01T00:00:00Z");
  const std::string all = "/v3-public/authTokens";
  CHECK(world.call("GET", all).body.find("data")->size() == 0);
  auto found = world.call("GET", all + "/asked");
  CHECK(found.status == 200);
  CHECK(found.body.str("token") == "sealed for who asks");
  CHECK(world.call("GET", all + "/late").status == 404);
  CHECK(world.call("GET", all + "/cattle-global-data:asked").status == 404);
  CHECK(world.call("DELETE", all + "/asked").status == 204);
  CHECK(world.call("GET", all + "/asked").status == 404);
}
