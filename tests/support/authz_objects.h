// The product's roles, bindings, clusters and projects as tests write them, in one line each.
// Thread: the test's. Owns: nothing.
#pragma once

#include "tests/support/authz_world.h"

namespace tests {

inline void add_user(AuthzWorld& w, const std::string& name) {
  w.create("users", "", R"({"metadata":{"name":")" + name + R"("},"username":")" + name + "\"}");
}
inline void add_template(AuthzWorld& w, const std::string& name, const std::string& more) {
  w.create("roletemplates", "",
           R"({"metadata":{"name":")" + name + R"("},"displayName":")" + name + "\"," + more + "}");
}
inline void add_cluster(AuthzWorld& w, const std::string& id) {
  w.create("namespaces", "", R"({"metadata":{"name":")" + id + "\"}}");
  w.create("clusters", "",
           R"({"metadata":{"name":")" + id + R"("},"spec":{"displayName":")" + id + "\"}}");
}
inline void add_project(AuthzWorld& w, const std::string& cluster, const std::string& name,
                        const std::string& creator = {}) {
  std::string note =
      creator.empty() ? "" : R"(,"annotations":{"field.cattle.io/creatorId":")" + creator + "\"}";
  w.create("projects", cluster,
           R"({"metadata":{"name":")" + name + "\"" + note + R"(},"spec":{"clusterName":")" +
               cluster + R"(","displayName":"P"}})");
  REQUIRE(w.soon([&] { return w.there("namespaces", "", name); }));
}
inline void bind_cluster(AuthzWorld& w, const std::string& cluster, const std::string& name,
                         const std::string& role, const std::string& who) {
  w.create("clusterroletemplatebindings", cluster,
           R"({"metadata":{"name":")" + name + R"("},"clusterName":")" + cluster +
               R"(","roleTemplateName":")" + role + "\"," + who + "}");
}
inline void bind_project(AuthzWorld& w, const std::string& cluster, const std::string& project,
                         const std::string& name, const std::string& role, const std::string& who) {
  w.create("projectroletemplatebindings", project,
           R"({"metadata":{"name":")" + name + R"("},"projectName":")" + cluster + ":" + project +
               R"(","roleTemplateName":")" + role + "\"," + who + "}");
}
inline void add_namespace(AuthzWorld& w, const std::string& name, const std::string& project) {
  w.create("namespaces", "",
           R"({"metadata":{"name":")" + name +
               R"(","annotations":{"field.cattle.io/projectId":"local:)" + project + "\"}}}");
}
inline void move_namespace(AuthzWorld& w, const std::string& name, const std::string& project) {
  MUST(w.client->modify(
      w.kind("namespaces"), "", name, [&](engine::Json& object) -> engine::Result<bool> {
        object["metadata"]["annotations"].set("field.cattle.io/projectId", "local:" + project);
        return true;
      }));
}

}  // namespace tests
