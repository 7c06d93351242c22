// Roles: global roles and the templates that members of clusters and projects get: which they are,
// their rules as a table. Thread: the one thread. Owns: nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/pages/members.h"

namespace web {

// "global", "cluster" or "project".
Collection& global_roles(App& app);
Collection& roles_of(App& app, std::string_view context);
std::string global_role_name(App& app, std::string_view id);
std::string role_page(std::string_view context, std::string_view id);
std::string role_create(std::string_view context, std::string_view from = {});
// What a list or a page says of a role beside its name: "built in", "locked", ...
std::vector<std::string> role_badges(const Json& role, std::string_view context);
std::vector<std::string> strings_of(const Json* list);
std::string joined(const std::vector<std::string>& words, std::string_view otherwise = {});
// A rule in words: "read (get, list, watch)" on "pods, services" of "core".
struct RuleWords {
  std::string may, on, of;
};
RuleWords rule_words(const Json& rule);
// The rules as lines of a table; returns where it ends.
float rules_table(const Json& role, float x, float y, float w);
// A tag for each; returns where the last one ends.
float tags_line(const std::vector<std::string>& words, float x, float y);

}  // namespace web
