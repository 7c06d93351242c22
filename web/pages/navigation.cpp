// The navigation of App: at home what Paddock has, in a cluster what the cluster has.
#include <cmath>

#include "web/pages/app.h"

namespace web {
namespace {

struct Group {
  const char* label;
  uint32_t icon;
  std::vector<std::pair<const char*, const char*>> kinds;  // group, plural
};
const std::vector<Group>& groups() {
  static const std::vector<Group> list = {
      {"Workloads",
       tokens::kIconCubeOutline,
       {{"apps", "deployments"},
        {"apps", "statefulsets"},
        {"apps", "daemonsets"},
        {"batch", "jobs"},
        {"batch", "cronjobs"},
        {"", "pods"}}},
      {"Services and routes",
       tokens::kIconLan,
       {{"", "services"},
        {"networking.k8s.io", "ingresses"},
        {"gateway.networking.k8s.io", "gateways"},
        {"gateway.networking.k8s.io", "httproutes"},
        {"autoscaling", "horizontalpodautoscalers"}}},
      {"Storage and config",
       tokens::kIconDatabaseOutline,
       {{"", "configmaps"},
        {"", "secrets"},
        {"", "persistentvolumeclaims"},
        {"", "persistentvolumes"},
        {"storage.k8s.io", "storageclasses"}}},
      {"Policy",
       tokens::kIconShieldOutline,
       {{"networking.k8s.io", "networkpolicies"},
        {"", "resourcequotas"},
        {"", "limitranges"},
        {"policy", "poddisruptionbudgets"},
        {"", "serviceaccounts"},
        {"rbac.authorization.k8s.io", "roles"},
        {"rbac.authorization.k8s.io", "rolebindings"},
        {"rbac.authorization.k8s.io", "clusterroles"},
        {"rbac.authorization.k8s.io", "clusterrolebindings"}}},
  };
  return list;
}

std::string plural_label(const ApiKind& kind) {
  const std::string& k = kind.kind;
  if (k.ends_with("y") && !k.ends_with("ay") && !k.ends_with("ey"))
    return k.substr(0, k.size() - 1) + "ies";
  if (k.ends_with("s") || k.ends_with("ch"))
    return k.ends_with("ss") || k.ends_with("ch") ? k + "es" : k;
  return k + "s";
}

}  // namespace

std::string kind_label(const ApiKind& kind) {
  return plural_label(kind);
}

void App::nav_section(float x, float& y, std::string_view label) {
  y += 12;
  text(x + 10, y, tokens::kTypeSmallStrong, col().text_tertiary, label, 24);
  say_text(box(x + 10, y, 100, 24), label);
  y += 26;
}

bool App::nav_item(float x, float& y, float w, uint32_t code, std::string_view label,
                   std::string_view href, bool current, std::string_view count, int indent) {
  const auto& c = col();
  const bool rail = w < 60;
  const float h = indent > 0 ? tokens::kSizeRowTreeChild : tokens::kSizeRowNavItem;
  const Rect r = box(x, y, w, h);
  y += indent > 0 ? h : h + 1;
  const ImGuiID id = ImHashStr(std::string(href).c_str(), href.size(), id_of(label));
  const Hit hh = hit(id, r);
  if (!in_view(r)) return false;
  if (current)
    fill(r, hh.hovered ? c.surface_selectedHover : c.surface_selected, tokens::kRadiusUseMenuItem);
  else if (hh.hovered)
    fill(r, ui_state.dark ? c.surface_hover : c.surface_pressed, tokens::kRadiusUseMenuItem);
  if (hh.focused) focus_ring(r, tokens::kRadiusUseMenuItem, true);
  const Color ink = current ? c.accent_text : hh.hovered ? c.text_primary : c.text_secondary;
  if (rail) {
    icon_center(r, tokens::kSizeIconNav, current ? c.accent_icon : c.text_secondary, code);
    tooltip(hh, label);
  } else {
    if (code != 0 && indent == 0)
      icon(r.Min.x + 10, r.Min.y + (h - 18) / 2, 18, current ? c.accent_icon : c.text_secondary,
           code);
    const float tx = r.Min.x + (indent > 0 ? 38.0f : 38.0f);
    const float room =
        r.Max.x - tx - 12 - (count.empty() ? 0 : text_width(tokens::kTypeSmall, count) + 8);
    text_fit(tx, r.Min.y, current ? tokens::kTypeBodyStrong : tokens::kTypeBody, ink, label, room,
             h);
    text_right(r.Max.x - 10, r.Min.y, tokens::kTypeSmall, current ? c.accent_text : c.text_tertiary,
               count, h);
  }
  MirrorNode& n =
      ui_state.mirror.say(id, href.empty() ? Role::kButton : Role::kLink, label, place(r));
  n.href = href;
  if (current) n.selected = 1;
  if (hh.pressed && !href.empty()) follow(std::string(href), hh);
  return hh.pressed;
}

void App::draw_navigation() {
  const bool rail = nav_rail_ || narrow() || (route.part(2) == "r" && route.parts.size() > 5);
  const float w = rail ? tokens::kShellNavRail : tokens::kShellNavW;
  const Rect r(0, tokens::kShellHeader, w, height_);
  ui_state.mirror.open(id_of("navigation"), Role::kNavigation, "Navigation", place(r));
  const float bottom = 44;
  if (begin_area("nav", Rect(r.Min.x, r.Min.y, r.Max.x, r.Max.y - bottom), 0, 0,
                 ImGuiWindowFlags_NoScrollbar)) {
    float y = r.Min.y + 4 - ImGui::GetScrollY();
    const float x = 8, iw = w - 16;
    if (route.cluster().empty()) {
      draw_home_navigation(y, x, iw);
    } else {
      draw_cluster_navigation(y, x, iw);
    }
    end_area(y + 8);
  } else {
    end_area();
  }
  float y = height_ - bottom + 4;
  const Rect fold = box(8, y, w - 16, 32);
  const Hit h = hit(id_of("Collapse"), fold);
  if (h.hovered) fill(fold, ui_state.dark ? col().surface_hover : col().surface_pressed, 6);
  icon(rail ? fold.Min.x + (fold.GetWidth() - 16) / 2 : fold.Min.x + 10, y + 8, 16,
       col().text_tertiary,
       rail ? tokens::kIconChevronDoubleRight : tokens::kIconChevronDoubleLeft);
  if (!rail) {
    text(fold.Min.x + 36, y, tokens::kTypeSmall, col().text_tertiary, "Collapse", 32);
    text_right(fold.Max.x - 10, y, tokens::kTypeSmall, col().text_tertiary, "[", 32);
  }
  ui_state.mirror.say(h.id, Role::kButton, rail ? "Expand navigation" : "Collapse navigation",
                      place(fold));
  if (h.pressed) set_pref("nav-rail", nav_rail_ ? "false" : "true");
  ui_state.mirror.close();
}

void App::nav_pinned(float x, float& y, float w) {
  const std::string pins = pref("pinned-clusters");
  if (pins.empty()) return;
  const bool rail = w < 60;
  bool first = true;
  for (size_t from = 0; from < pins.size();) {
    size_t end = pins.find(',', from);
    if (end == pins.npos) end = pins.size();
    const std::string id = pins.substr(from, end - from);
    from = end + 1;
    const Json* c = cluster_object(id);
    if (c == nullptr) continue;
    if (first && !rail) nav_section(x, y, "Pinned");
    first = false;
    const std::string name = cluster_name(id);
    const Rect r = box(x, y, w, 32);
    y += 33;
    const std::string href = "/dashboard/c/" + url_escape(id);
    const Hit h = hit(id_of(href), r);
    if (h.hovered) fill(r, ui_state.dark ? col().surface_hover : col().surface_pressed, 6);
    if (h.focused) focus_ring(r, 6, true);
    monogram(rail ? r.Min.x + (w - 24) / 2 : r.Min.x + 7, r.Min.y + 4, 24, name);
    if (!rail) {
      text_fit(r.Min.x + 41, r.Min.y, tokens::kTypeBody, col().text_secondary, name, w - 70, 32);
      const Tone tone = tone_of(c->str("state"));
      if (tone != Tone::kSuccess) tone_mark(r.Max.x - 26, r.Min.y + 8, 16, tone);
    }
    ui_state.mirror.say(h.id, Role::kLink, name, place(r)).href = href;
    if (h.pressed) follow(href, h);
  }
}

void App::draw_home_navigation(float& y, float x, float w) {
  const bool rail = w < 60;
  const auto& clusters = v3.collection("cluster", "/v3/clusters");
  const std::string count = clusters.loaded ? std::to_string(clusters.items.size()) : "";
  const std::string at = route.part(0);
  nav_item(x, y, w, tokens::kIconServerNetwork, "Clusters", "/dashboard/clusters", at == "clusters",
           count);
  nav_pinned(x, y, w);
  if (rail)
    y += 9;
  else
    nav_section(x, y, "Access");
  nav_item(x, y, w, tokens::kIconAccountMultipleOutline, "Users", "/dashboard/users",
           at == "users");
  nav_item(x, y, w, tokens::kIconShieldAccountOutline, "Roles", "/dashboard/roles", at == "roles");
  nav_item(x, y, w, tokens::kIconKeyOutline, "API keys", "/dashboard/keys", at == "keys");
  nav_item(x, y, w, tokens::kIconShieldKeyOutline, "Access", "/dashboard/access", at == "access");
  nav_item(x, y, w, tokens::kIconTextBoxSearchOutline, "Audit", "/dashboard/audit", at == "audit");
  if (rail)
    y += 9;
  else
    nav_section(x, y, "System");
  nav_item(x, y, w, tokens::kIconCogOutline, "Settings", "/dashboard/settings", at == "settings");
  nav_item(x, y, w, tokens::kIconAccountCircleOutline, "Preferences", "/dashboard/preferences",
           at == "preferences");
}

void App::draw_cluster_switch(float x, float& y, float w) {
  const bool rail = w < 60;
  const auto& c = col();
  const std::string name = cluster_name(route.cluster());
  const Rect r = box(x, y, w, 40);
  y += 48;
  const Hit h = hit(id_of("Switch cluster"), r);
  fill(r, h.hovered ? c.surface_hover : c.surface_control, tokens::kRadiusMd);
  outline(r, h.hovered ? c.border_strong : c.border_default, tokens::kRadiusMd);
  if (h.focused) focus_ring(r, tokens::kRadiusMd);
  monogram(rail ? r.Min.x + (w - 24) / 2 : r.Min.x + 8, r.Min.y + 8, 24, name);
  if (!rail) {
    text_fit(r.Min.x + 40, r.Min.y, tokens::kTypeBodyStrong, c.text_primary, name, w - 72, 40);
    icon(r.Max.x - 26, r.Min.y + 12, 16, c.text_secondary, tokens::kIconUnfoldMoreHorizontal);
  }
  ui_state.mirror.say(h.id, Role::kButton, "Switch cluster, now " + name, place(r));
  tooltip(h, rail ? name : "");
  if (h.pressed) open_menu("Clusters menu");
  if (!begin_menu("Clusters menu", ImVec2(r.Min.x, r.Max.y + 4), 280)) return;
  if (menu_item(tokens::kIconArrowLeft, "All clusters")) go("/dashboard/clusters");
  menu_gap();
  for (const auto& [id, object] : v3.collection("cluster", "/v3/clusters").items) {
    if (menu_item(tokens::kIconServer, cluster_name(id), {.checked = id == route.cluster()})) {
      Route to = route;  // the same view of the other cluster, where it is not about one object
      to.parts[1] = id;
      if (to.parts.size() > 5) to.parts.resize(5);
      to.query.clear();
      to.tab.clear();
      go(to.url());
    }
  }
  end_menu();
}

void App::refresh_counts(ClusterView& view) {
  if (!view.discovery.loaded() || ui_state.now - view.counts_at < 30000) return;
  view.counts_at = ui_state.now;
  auto ask = [&](const char* group, const char* plural) {
    const ApiKind* kind = view.discovery.find(group, plural);
    if (kind == nullptr || !kind->can_list) return;
    const std::string key = std::string(group) + "/" + plural;
    api.get(
        view.base + kind->list_path("") + "?limit=1",
        [&view, key](Result<Json> answer) {
          if (!answer) return;
          const Json* items = answer->find("items");
          view.counts[key] = static_cast<int64_t>(items != nullptr ? items->size() : 0) +
                             answer->integer({"metadata", "remainingItemCount"});
        },
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json");
  };
  ask("", "nodes");
  ask("", "namespaces");
  for (const Group& g : groups()) {
    for (const auto& [group, plural] : g.kinds) ask(group, plural);
  }
}

namespace {

// The kinds of a group that the cluster has; all that the group names count as shown.
std::vector<const ApiKind*> kinds_of(const Discovery& discovery, const Group& group,
                                     std::map<std::string, bool>& shown) {
  std::vector<const ApiKind*> out;
  for (const auto& [api_group, plural] : group.kinds) {
    const ApiKind* k = discovery.find(api_group, plural);
    shown[std::string(api_group) + "/" + plural] = true;
    if (k != nullptr && k->can_list) out.push_back(k);
  }
  return out;
}

}  // namespace

void App::draw_cluster_navigation(float& y, float x, float w) {
  const std::string id = route.cluster();
  const bool rail = w < 60;
  ClusterView& view = cluster(id);
  draw_cluster_switch(x, y, w);
  const std::string root = "/dashboard/c/" + url_escape(id);
  nav_item(x, y, w, tokens::kIconViewDashboardOutline, "Overview", root, route.parts.size() == 2);
  if (!view.discovery.loaded()) return;
  refresh_counts(view);
  auto current = [&](const ApiKind& k) {
    return route.part(2) == "r" && route.part(4) == k.plural &&
           route.part(3) == (k.group.empty() ? "core" : k.group);
  };
  auto count = [&](const ApiKind& k) {
    const auto it = view.counts.find(k.group + "/" + k.plural);
    return it == view.counts.end() ? std::string() : count_text(it->second);
  };
  auto top = [&](const char* plural, uint32_t code) {
    const ApiKind* k = view.discovery.find("", plural);
    if (k != nullptr)
      nav_item(x, y, w, code, kind_label(*k), list_url(id, *k), current(*k), count(*k));
  };
  auto page = [&](const char* part, const char* label, uint32_t code, const char* counted) {
    const auto it = view.counts.find(counted);
    nav_item(x, y, w, code, label, root + "/" + part, route.part(2) == part,
             it == view.counts.end() ? std::string() : count_text(it->second));
  };
  page("nodes", "Nodes", tokens::kIconServer, "/nodes");
  page("projects", "Projects", tokens::kIconPackageVariantClosed, "");
  page("members", "Members", tokens::kIconAccountMultipleOutline, "");
  top("events", tokens::kIconBellRingOutline);
  if (rail)
    y += 9;
  else
    nav_section(x, y, "Resources");
  std::map<std::string, bool> shown = {{"/events", true}, {"events.k8s.io/events", true}};
  auto group = [&](const char* label, uint32_t code, const std::vector<const ApiKind*>& kinds) {
    if (kinds.empty()) return;
    bool inside = false;
    for (const ApiKind* k : kinds) inside |= current(*k);
    if (rail) {
      nav_item(x, y, w, code, label, list_url(id, *kinds.front()), inside);
      return;
    }
    bool& folded = folded_[label];
    const float top_y = y;
    if (nav_item(x, y, w, code, label, "", false)) folded = !folded;
    const bool open = !folded;
    icon(x + w - 26, top_y + 8, 16, col().text_tertiary,
         open ? tokens::kIconChevronDown : tokens::kIconChevronRight);
    if (!open) return;
    for (const ApiKind* k : kinds)
      nav_item(x, y, w, 0, kind_label(*k), list_url(id, *k), current(*k), count(*k), 1);
  };
  for (const Group& g : groups()) {
    const auto kinds = kinds_of(view.discovery, g, shown);
    if (folded_.find(g.label) == folded_.end()) folded_[g.label] = g.label != groups()[0].label;
    group(g.label, g.icon, kinds);
  }
  std::vector<const ApiKind*> more;
  for (const ApiKind& k : view.discovery.kinds()) {
    if (k.can_list && !shown[k.group + "/" + k.plural]) more.push_back(&k);
  }
  if (folded_.find("More resources") == folded_.end()) folded_["More resources"] = true;
  group("More resources", tokens::kIconDotsHorizontalCircleOutline, more);
}

}  // namespace web
