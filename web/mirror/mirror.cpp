#include "web/mirror/mirror.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "imgui_internal.h"

namespace web {
namespace {

struct RoleName {
  const char* tag;
  const char* role;  // null: the tag says it
};
constexpr RoleName kRoles[] = {
    {"span", "presentation"}, {"button", nullptr}, {"a", nullptr},       {"div", "checkbox"},
    {"div", "radio"},         {"div", "switch"},   {"input", nullptr},   {"div", "tab"},
    {"div", "tablist"},       {"div", "menu"},     {"div", "menuitem"},  {"div", "dialog"},
    {"div", "grid"},          {"div", "row"},      {"div", "gridcell"},  {"div", "columnheader"},
    {"div", "heading"},       {"span", nullptr},   {"div", "status"},    {"div", "alert"},
    {"nav", nullptr},         {"main", nullptr},   {"div", "log"},       {"div", "meter"},
    {"div", "option"},        {"div", "listbox"},  {"section", nullptr}, {"div", "application"},
    {"textarea", nullptr},
};

void attribute(std::string& out, const char* name, std::string_view value) {
  out += '\x1f';
  out += name;
  out += '=';
  for (const char c : value) out += (c == '\x1e' || c == '\x1f') ? ' ' : c;
}

void state(std::string& out, const char* name, int8_t value) {
  if (value >= 0) attribute(out, name, value == 2 ? "mixed" : value == 1 ? "true" : "false");
}

void encode(std::string& out, const MirrorNode& n) {
  const RoleName& role = kRoles[static_cast<int>(n.role)];
  char head[128];
  snprintf(head, sizeof head, "%u\x1f%u\x1f%s\x1f%.0f %.0f %.0f %.0f %d", n.id, n.parent, role.tag,
           static_cast<double>(n.rect.x), static_cast<double>(n.rect.y),
           static_cast<double>(n.rect.z - n.rect.x), static_cast<double>(n.rect.w - n.rect.y),
           n.layer);
  out += head;
  if (role.role != nullptr) attribute(out, "role", role.role);
  if (n.role == Role::kLink && n.href.empty()) attribute(out, "role", "link");
  if (n.role == Role::kText || n.role == Role::kCell || n.role == Role::kStatus ||
      n.role == Role::kAlert || n.role == Role::kHeading || n.role == Role::kLog) {
    attribute(out, "text", n.name);
  } else if (!n.name.empty()) {
    attribute(out, "aria-label", n.name);
  }
  if (n.role == Role::kTextbox || n.role == Role::kTextarea || n.role == Role::kMeter) {
    attribute(out, n.role != Role::kMeter ? "value" : "aria-valuenow", n.value);
  }
  if (n.role == Role::kMeter) attribute(out, "aria-valuemax", "100");
  if (!n.words.empty()) attribute(out, "aria-valuetext", n.words);
  if (n.role == Role::kLog) attribute(out, "aria-live", "off");
  if (!n.href.empty()) attribute(out, "href", n.href);
  if (n.disabled) attribute(out, "aria-disabled", "true");
  state(out, "aria-checked", n.checked);
  if (n.role == Role::kLink) {
    if (n.selected == 1) attribute(out, "aria-current", "page");
  } else {
    state(out, n.role == Role::kButton ? "aria-pressed" : "aria-selected", n.selected);
  }
  state(out, "aria-expanded", n.expanded);
  if (n.level > 0) attribute(out, "aria-level", std::to_string(n.level));
  if (n.row > 0) attribute(out, "aria-rowindex", std::to_string(n.row));
  if (n.rows >= 0) attribute(out, "aria-rowcount", std::to_string(n.rows));
  if (!n.sort.empty()) attribute(out, "aria-sort", n.sort);
  if (n.focused) attribute(out, "data-focused", "true");
  if (n.role == Role::kDialog) attribute(out, "aria-modal", "true");
  out += '\x1e';
}

}  // namespace

void Mirror::begin_frame() {
  nodes_.clear();
  open_.clear();
}

MirrorNode& Mirror::say(uint32_t id, Role role, std::string_view name, const ImVec4& rect) {
  // The hook of the same item ran just before: it is one of the last nodes.
  for (size_t i = nodes_.size(), seen = 0; i-- > 0 && seen < 4; seen++) {
    if (nodes_[i].id == id) {
      nodes_[i].role = role;
      nodes_[i].name = name;
      nodes_[i].rect = rect;
      return nodes_[i];
    }
  }
  MirrorNode n;
  n.id = id;
  n.parent = open_.empty() ? 0 : open_.back();
  n.role = role;
  n.name = name;
  n.rect = rect;
  n.layer = GImGui != nullptr ? GImGui->BeginPopupStack.Size : 0;
  nodes_.push_back(std::move(n));
  return nodes_.back();
}

void Mirror::open(uint32_t id, Role role, std::string_view name, const ImVec4& rect) {
  MirrorNode& n = say(id, role, name, rect);
  // What lies over the page belongs to no part of it.
  if (role == Role::kMenu || role == Role::kDialog) n.parent = 0;
  open_.push_back(id);
}

void Mirror::close() {
  if (!open_.empty()) open_.pop_back();
}

void Mirror::name(size_t at, std::string_view words) {
  if (at < nodes_.size()) nodes_[at].name = words;
}

void Mirror::hook_item(uint32_t id, const ImVec4& rect) {
  if (id == 0) return;
  for (size_t i = nodes_.size(), seen = 0; i-- > 0 && seen < 8; seen++) {
    if (nodes_[i].id == id) return;
  }
  say(id, Role::kNone, "", rect);
}

void Mirror::hook_label(uint32_t id, std::string_view label, int flags) {
  // Of ImGui's own items only text fields are used; its windows have labels too.
  if ((flags & ImGuiItemStatusFlags_Inputable) == 0) return;
  for (size_t i = nodes_.size(), seen = 0; i-- > 0 && seen < 8; seen++) {
    MirrorNode& n = nodes_[i];
    if (n.id != id || n.role != Role::kNone) continue;
    const size_t hidden = label.find("##");
    label = label.substr(0, hidden);
    if (label.empty() || label[0] == '#') return;
    n.name = label;
    n.role = Role::kTextbox;
    return;
  }
}

std::string Mirror::changes() {
  std::string now;
  now.reserve(last_.size() + 256);
  for (const MirrorNode& n : nodes_) {
    if (n.role != Role::kNone) encode(now, n);
  }
  if (now == last_) return {};
  last_ = now;
  return now;
}

const MirrorNode* Mirror::find(Role role, std::string_view name) const {
  for (const MirrorNode& n : nodes_) {
    if (n.role == role && n.name == name) return &n;
  }
  return nullptr;
}

}  // namespace web
