#include "engine/access/rbac_rules.h"

#include <algorithm>

namespace engine {
namespace {

using Strings = std::vector<std::string>;

bool has(const Strings& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool has_or_all(const Strings& list, std::string_view value) {
  return has(list, "*") || has(list, value);
}

// "pods/log" is matched by itself, "*/log" and "*".
bool resource_matches(const Strings& rules, std::string_view combined,
                      std::string_view subresource) {
  for (const auto& rule : rules) {
    if (rule == "*" || rule == combined) return true;
    if (!subresource.empty() && rule.size() == subresource.size() + 2 && rule.starts_with("*/") &&
        rule.ends_with(subresource))
      return true;
  }
  return false;
}

bool url_matches(const Strings& urls, std::string_view path) {
  for (const auto& url : urls) {
    if (url == "*" || url == path) return true;
    if (url.ends_with('*') && path.starts_with(std::string_view(url).substr(0, url.size() - 1)))
      return true;
  }
  return false;
}

Strings strings_of(const Json& rule, std::string_view key) {
  Strings out;
  const Json* list = rule.find(key);
  if (list && list->is_array())
    for (const auto& item : list->as_array())
      if (item.is_string()) out.push_back(item.as_string());
  return out;
}

std::string_view subresource_of(std::string_view resource) {
  auto slash = resource.find('/');
  return slash == std::string_view::npos ? std::string_view() : resource.substr(slash + 1);
}

template <class Holds>
bool some(const std::vector<const PolicyRule*>& held, const Holds& holds) {
  return std::any_of(held.begin(), held.end(),
                     [&](const PolicyRule* rule) { return holds(*rule); });
}

// A url with a star is covered by itself or by a wider star.
bool url_covered(const Strings& urls, std::string_view url) {
  for (const auto& owned : urls) {
    if (owned == "*" || owned == url) return true;
    if (owned.ends_with('*') &&
        url.starts_with(std::string_view(owned).substr(0, owned.size() - 1)))
      return true;
  }
  return false;
}

bool resources_covered(const std::vector<const PolicyRule*>& held, const PolicyRule& rule,
                       std::string_view verb) {
  for (const auto& group : rule.groups) {
    for (const auto& resource : rule.resources) {
      auto covers = [&](const PolicyRule& owner, std::string_view name) {
        return has_or_all(owner.verbs, verb) && has_or_all(owner.groups, group) &&
               resource_matches(owner.resources, resource, subresource_of(resource)) &&
               (owner.names.empty() || (!name.empty() && has(owner.names, name)));
      };
      if (rule.names.empty()) {
        if (!some(held, [&](const PolicyRule& owner) { return covers(owner, ""); })) return false;
        continue;
      }
      for (const auto& name : rule.names)
        if (!some(held, [&](const PolicyRule& owner) { return covers(owner, name); })) return false;
    }
  }
  return true;
}

}  // namespace

PolicyRule PolicyRule::parse(const Json& rule) {
  return {strings_of(rule, "verbs"), strings_of(rule, "apiGroups"), strings_of(rule, "resources"),
          strings_of(rule, "resourceNames"), strings_of(rule, "nonResourceURLs")};
}

std::vector<PolicyRule> PolicyRule::parse_all(const Json* rules) {
  std::vector<PolicyRule> out;
  if (rules && rules->is_array())
    for (const auto& rule : rules->as_array()) out.push_back(parse(rule));
  return out;
}

bool PolicyRule::allows(const Attributes& asked) const {
  if (!has_or_all(verbs, asked.verb)) return false;
  if (!asked.is_resource()) return url_matches(urls, asked.path);
  if (!has_or_all(groups, asked.group)) return false;
  if (!names.empty() && !has(names, asked.name)) return false;
  std::string combined(asked.resource);
  if (!asked.subresource.empty()) combined.append("/").append(asked.subresource);
  return resource_matches(resources, combined, asked.subresource);
}

bool rules_cover(const std::vector<const PolicyRule*>& held, const PolicyRule& rule) {
  for (const auto& verb : rule.verbs) {
    if (!resources_covered(held, rule, verb)) return false;
    for (const auto& url : rule.urls) {
      auto covers = [&](const PolicyRule& owner) {
        return has_or_all(owner.verbs, verb) && url_covered(owner.urls, url);
      };
      if (!some(held, covers)) return false;
    }
  }
  return true;
}

}  // namespace engine
