#include "web/pages/namespace_filter.h"

#include <algorithm>

#include "web/pages/app.h"

namespace web {

void NamespaceFilter::read(App& app, const std::string& cluster, const Route& route) {
  const auto it = route.query.find("ns");
  if (it == route.query.end()) return;
  auto& chosen = app.cluster(cluster).namespaces;
  chosen.clear();
  std::string_view s = it->second;
  while (!s.empty()) {
    const size_t end = s.find(',');
    if (end != 0) chosen.emplace_back(s.substr(0, end));
    s = end == s.npos ? std::string_view() : s.substr(end + 1);
  }
}

std::string NamespaceFilter::joined(App& app, const std::string& cluster) const {
  std::string out;
  for (const std::string& ns : app.cluster(cluster).namespaces)
    out += (out.empty() ? "" : ",") + ns;
  return out;
}

float NamespaceFilter::draw(App& app, const std::string& cluster, float x, float y,
                            float width_max) {
  const auto& c = col();
  ClusterView& view = app.cluster(cluster);
  auto& chosen = view.namespaces;
  if (view.namespace_list == nullptr) {
    if (const ApiKind* kind = view.discovery.find("", "namespaces"))
      view.namespace_list = std::make_unique<TableList>(app.api, view.base, *kind);
  }
  if (view.namespace_list != nullptr) {
    view.namespace_list->show({});
    view.namespace_list->tick(ui().now);
  }
  float w = 38 + 8 + key_cap_width("n") + 10;
  size_t shown = 0;
  if (chosen.empty()) {
    w += text_width(tokens::kTypeBody, "All namespaces");
  } else {
    for (; shown < chosen.size() && shown < 3; shown++) {
      const float cw = text_width(tokens::kTypeSmall, chosen[shown]) + 34;
      if (w + cw > ImMax(width_max, 180.0f) && shown > 0) break;
      w += cw;
    }
    if (shown < chosen.size()) w += 40;
  }
  const Rect r = box(x, y, w, 32);
  const Hit h = hit(id_of("Namespaces"), r);
  fill(r, h.hovered ? c.surface_hover : c.surface_control, tokens::kRadiusUseInput);
  outline(r, c.border_control, tokens::kRadiusUseInput);
  if (h.focused) focus_ring(r, tokens::kRadiusUseInput);
  icon(r.Min.x + 11, r.Min.y + 8, 16, c.text_secondary, tokens::kIconFolderOutline);
  ui().mirror.say(h.id, Role::kButton,
                  "Namespaces: " + (chosen.empty() ? "all" : joined(app, cluster)), place(r));
  float cx = r.Min.x + 36;
  int removing = -1;
  if (chosen.empty()) {
    text(cx, y, tokens::kTypeBody, c.text_secondary, "All namespaces", 32);
  }
  for (size_t i = 0; i < shown; i++) {
    const float cw = text_width(tokens::kTypeSmall, chosen[i]) + 30;
    const Rect chip = box(cx, y + 5, cw, 22);
    fill(chip, c.state_neutral_subtle, 4);
    text(cx + 7, chip.Min.y, tokens::kTypeSmall, c.text_primary, chosen[i], 22);
    const Rect cross = box(chip.Max.x - 20, chip.Min.y, 20, 22);
    icon_center(cross, 12, c.text_secondary, tokens::kIconClose);
    ui().mirror.say(id_of(chosen[i]) ^ 0xC4, Role::kButton, "Remove namespace " + chosen[i],
                    place(cross));
    if (h.pressed && cross.Contains(ImGui::GetIO().MouseClickedPos[0]))
      removing = static_cast<int>(i);
    cx += cw + 4;
  }
  if (!chosen.empty() && shown < chosen.size())
    text(cx, y, tokens::kTypeSmall, c.text_secondary, "+" + std::to_string(chosen.size() - shown),
         32);
  key_cap(r.Max.x - 8 - key_cap_width("n"), y + 6, "n");
  if (removing >= 0) {
    chosen.erase(chosen.begin() + removing);
  } else if (h.pressed || opening_) {
    filter_.clear();
    open_menu("Choose namespaces");
  }
  opening_ = false;
  if (begin_menu("Choose namespaces", ImVec2(r.Min.x, r.Max.y + 4), 300)) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    input(box(at.x + 4, at.y + 4, 284, 32), "Find a namespace", filter_,
          {.hint = "Find a namespace",
           .icon = tokens::kIconMagnify,
           .focus = ImGui::IsWindowAppearing()});
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 42));
    if (chosen.empty()) {
      menu_title("All are shown; choose some");
    } else if (menu_item(tokens::kIconClose, "Show all namespaces")) {
      chosen.clear();
    }
    std::vector<std::string> names = chosen;
    if (view.namespace_list != nullptr) {
      std::vector<std::string> rest;
      for (const TableRow& row : view.namespace_list->rows()) {
        if (std::find(chosen.begin(), chosen.end(), row.name()) == chosen.end())
          rest.emplace_back(row.name());
      }
      std::sort(rest.begin(), rest.end());
      names.insert(names.end(), rest.begin(), rest.end());
    }
    const float list_y = ImGui::GetCursorScreenPos().y;
    const Rect list =
        box(at.x, list_y, 292, ImMin(320.0f, ImGui::GetIO().DisplaySize.y - list_y - 24));
    if (begin_area("names", list)) {
      float ly = list.Min.y - ImGui::GetScrollY();
      for (const std::string& ns : names) {
        if (!filter_.empty() && ns.find(filter_) == ns.npos) continue;
        const Rect row = box(list.Min.x, ly, list.GetWidth() - 10, 30);
        ly += 30;
        const Hit hh = hit(id_of(ns), row);
        if (!in_view(row)) continue;
        const auto it = std::find(chosen.begin(), chosen.end(), ns);
        const bool on = it != chosen.end();
        if (hh.hovered || hh.focused) fill(row, c.surface_hover, 6);
        const Rect mark = box(row.Min.x + 10, row.Min.y + 7, 16, 16);
        fill(mark, on ? c.accent_fill : c.surface_control, 4);
        if (on)
          icon_center(mark, 12, c.text_onAccent, tokens::kIconCheckBold);
        else
          outline(mark, c.border_control, 4);
        text_fit(row.Min.x + 36, row.Min.y, tokens::kTypeBody, c.text_primary, ns,
                 row.GetWidth() - 44, 30);
        ui().mirror.say(hh.id, Role::kCheckbox, ns, place(row)).checked = on ? 1 : 0;
        if (!hh.pressed) continue;
        if (on)
          chosen.erase(it);
        else
          chosen.push_back(ns);
      }
      end_area(ly);
    } else {
      end_area();
    }
    end_menu();
  }
  return w;
}

}  // namespace web
