#include "web/pages/palette.h"

#include <algorithm>
#include <cmath>

#include "web/pages/app.h"
#include "web/widgets/controls.h"

namespace web {

int fuzzy_score(std::string_view query, std::string_view text) {
  auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  int score = 0;
  size_t at = 0;
  bool run = false;
  for (const char q : query) {
    if (q == ' ') {
      run = false;
      continue;
    }
    size_t i = at;
    // The start of a word is better than its middle.
    if (!run) {
      for (size_t k = at; k < text.size(); k++) {
        if (low(text[k]) == low(q) && (k == 0 || text[k - 1] == '-' || text[k - 1] == ' ' ||
                                       text[k - 1] == '/' || text[k - 1] == '.')) {
          i = k;
          break;
        }
      }
      if (i >= text.size() || low(text[i]) != low(q)) i = at;
    }
    while (i < text.size() && low(text[i]) != low(q)) i++;
    if (i >= text.size()) return -1;
    const bool next = i == at && at > 0;
    const bool start = i == 0 || text[i - 1] == '-' || text[i - 1] == ' ' || text[i - 1] == '/' ||
                       text[i - 1] == '.';
    score += next ? 8 : start ? 6 : 1;
    if (i == 0) score += 6;
    at = i + 1;
    run = true;
  }
  return score * 4 - static_cast<int>(std::min<size_t>(text.size(), 60)) / 4;
}

void Palette::open(std::string text) {
  open_ = focus_ = true;
  text_ = std::move(text);
  searched_ = "\x01";
  current_ = 0;
}

void Palette::close() {
  open_ = false;
}

void Palette::run(const Entry& entry) {
  const Entry chosen = entry;
  close();
  if (chosen.action) {
    chosen.action();
  } else {
    app_.go(chosen.href);
  }
}

void Palette::collect_cluster(const std::string& here, const std::function<void(Entry)>& add) {
  ClusterView& view = app_.cluster(here);
  for (const ApiKind& k : view.discovery.kinds()) {
    if (!k.can_list) continue;
    add({tokens::kIconCubeOutline,
         kind_label(k),
         k.group.empty() ? "core" : k.group,
         "",
         list_url(here, k),
         {}});
  }
  for (const auto& [part, label] : {std::pair{"projects", "Projects and namespaces"},
                                    {"members", "Members"},
                                    {"nodes", "Nodes: state, drain"}})
    add({tokens::kIconViewDashboardOutline,
         label,
         "Page",
         "",
         "/dashboard/c/" + url_escape(here) + "/" + part,
         {}});
  add({tokens::kIconUploadOutline, "Create from YAML", "Action", "", "",
       [this, here] { app_.go("/dashboard/c/" + url_escape(here) + "/create"); }});
  add({tokens::kIconDownload, "Download kubeconfig", "Action", "", "",
       [this, here] { app_.kubeconfig(here, true); }});
  add({tokens::kIconContentCopy, "Copy kubeconfig", "Action", "", "",
       [this, here] { app_.kubeconfig(here, false); }});
  if (view.namespace_list && !text_.empty()) {
    for (const TableRow& row : view.namespace_list->rows()) {
      const std::string ns(row.name());
      add({tokens::kIconFolderOutline, ns, "Show only this namespace", "", "", [this, here, ns] {
             Route to = app_.route;
             to.query["ns"] = ns;
             app_.cluster(here).namespaces = {ns};
             app_.replace(to);
           }});
    }
  }
}

void Palette::collect() {
  if (searched_ == text_) return;
  searched_ = text_;
  current_ = 0;
  entries_.clear();
  auto add = [&](Entry e) {
    e.score = text_.empty() ? 0 : fuzzy_score(text_, e.label + " " + e.note);
    if (e.score >= 0) entries_.push_back(std::move(e));
  };
  for (const auto& [id, object] : app_.v3.collection("cluster", "/v3/clusters").items) {
    add({tokens::kIconServer,
         app_.cluster_name(id),
         "Cluster",
         "",
         "/dashboard/c/" + url_escape(id),
         {}});
  }
  const std::string here = app_.route.cluster();
  if (!here.empty()) {
    collect_cluster(here, add);
  }
  struct Static {
    uint32_t icon;
    const char *label, *note, *key, *href;
  };
  static const Static pages[] = {
      {tokens::kIconServerNetwork, "Clusters", "Page", "", "/dashboard/clusters"},
      {tokens::kIconImport, "Import a cluster", "Action", "", "/dashboard/clusters/import"},
      {tokens::kIconAccountMultipleOutline, "Users", "Page", "", "/dashboard/users"},
      {tokens::kIconShieldAccountOutline, "Roles", "Page", "", "/dashboard/roles"},
      {tokens::kIconShieldKeyOutline, "Access: who can", "Page", "", "/dashboard/access"},
      {tokens::kIconTextBoxSearchOutline, "Audit", "Page", "", "/dashboard/audit"},
      {tokens::kIconKeyOutline, "API keys", "Page", "", "/dashboard/keys"},
      {tokens::kIconCogOutline, "Settings", "Page", "", "/dashboard/settings"},
      {tokens::kIconAccountCircleOutline, "Preferences", "Page", "", "/dashboard/preferences"}};
  for (const Static& s : pages) add({s.icon, s.label, s.note, s.key, s.href, {}});
  add({tokens::kIconThemeLightDark, "Switch between light and dark", "Action", "Shift T", "",
       [this] { app_.set_pref("theme", app_.ui_state.dark ? "light" : "dark"); }});
  add({tokens::kIconKeyboardOutline, "Keys", "Action", "?", "", [this] { app_.keys_open = true; }});
  add({tokens::kIconLogout, "Sign out", "Action", "", "", [this] { app_.log_out(); }});
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.score > b.score; });
  if (entries_.size() > 60) entries_.resize(60);
}

bool Palette::draw_row(int i, const Rect& r, int first) {
  const float w = r.GetWidth(), row_h = tokens::kShellPaletteRow;
  const Entry& e = entries_[static_cast<size_t>(i)];
  const Rect row =
      box(r.Min.x + 6, r.Min.y + 62 + static_cast<float>(i - first) * row_h, w - 12, row_h);
  const Hit hh = hit(id_of(i) ^ 0xBA1, row, {.nav = false});
  if (hh.hovered && (ImGui::GetIO().MouseDelta.x != 0 || ImGui::GetIO().MouseDelta.y != 0))
    current_ = i;
  if (i == current_) fill(row, col().surface_selected, 6);
  icon(row.Min.x + 14, row.Min.y + 11, 18, i == current_ ? col().accent_icon : col().text_secondary,
       e.icon);
  const float tw =
      text_fit(row.Min.x + 42, row.Min.y, tokens::kTypeBodyStrong,
               i == current_ ? col().accent_text : col().text_primary, e.label, w - 220, row_h);
  text_fit(row.Min.x + 52 + tw, row.Min.y, tokens::kTypeSmall, col().text_tertiary, e.note,
           w - 130 - tw, row_h);
  text_right(row.Max.x - 12, row.Min.y, tokens::kTypeSmall, col().text_tertiary, e.key, row_h);
  MirrorNode& o = ui().mirror.say(hh.id, Role::kOption, e.label, place(row));
  o.selected = i == current_ ? 1 : 0;
  return hh.pressed;
}

void Palette::draw() {
  if (!open_) return;
  const ImVec2 screen = ImGui::GetIO().DisplaySize;
  const float w = ImMin(tokens::kShellPaletteW, screen.x - 24);
  collect();
  const int shown = std::min<int>(static_cast<int>(entries_.size()), 9);
  const float row_h = tokens::kShellPaletteRow;
  const float h = 56 + (shown > 0 ? static_cast<float>(shown) * row_h + 12 : 44);
  const Rect r = box(std::round((screen.x - w) / 2), tokens::kShellPaletteTop, w, h);
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(screen);
  ImGui::Begin("palette", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoNav);
  if (focus_) ImGui::SetWindowFocus();
  fill(Rect(0, 0, screen.x, screen.y), col().surface_scrim);
  shadow(canvas(), r, 12, col().shadow_dialog);
  fill(r, col().surface_raised, tokens::kRadiusUseDialog);
  outline(r, col().border_default, tokens::kRadiusUseDialog);
  ui().mirror.open(id_of("palette"), Role::kDialog, "Search", place(r));
  icon(r.Min.x + 20, r.Min.y + 19, 18, col().text_secondary, tokens::kIconMagnify);
  const float size = std::round(14 * tokens::kFontShapes[0].height);
  ImGui::PushFont(ui().font[FontFiles::kUi400], size);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0u);
  ImGui::SetCursorScreenPos(ImVec2(r.Min.x + 48, r.Min.y + 16));
  ImGui::SetNextItemWidth(w - 110);
  if (focus_) ImGui::SetKeyboardFocusHere();
  focus_ = false;
  char buffer[256];
  snprintf(buffer, sizeof buffer, "%s", text_.c_str());
  if (ImGui::InputText("##search", buffer, sizeof buffer)) text_ = buffer;
  const ImGuiID item = ImGui::GetItemID();
  const bool lost = ImGui::IsItemDeactivated(), active = ImGui::IsItemActive();
  ImGui::PopStyleColor();
  ImGui::PopFont();
  MirrorNode& n = ui().mirror.say(item, Role::kTextbox, "Search everything",
                                  ImVec4(r.Min.x, r.Min.y, r.Max.x - 60, r.Min.y + 52));
  n.value = text_;
  n.focused = active;
  if (text_.empty())
    text(r.Min.x + 52, r.Min.y, tokens::kTypeProse, col().text_tertiary,
         "Clusters, kinds, namespaces, actions", 56);
  key_cap(r.Max.x - 46, r.Min.y + 18, "Esc");
  hline(r.Min.x, r.Max.x, r.Min.y + 55, col().border_default);
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow))
    current_ = std::min(current_ + 1, static_cast<int>(entries_.size()) - 1);
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) current_ = std::max(current_ - 1, 0);
  int chosen = -1;
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false) && !entries_.empty()) chosen = current_;
  const int first = std::max(0, std::min(current_ - 7, static_cast<int>(entries_.size()) - shown));
  ui().mirror.open(id_of("found"), shown > 0 ? Role::kListbox : Role::kNone, "Found",
                   place(Rect(r.Min.x, r.Min.y + 56, r.Max.x, r.Max.y)));
  for (int i = first; i < first + shown; i++) {
    if (draw_row(i, r, first)) chosen = i;
  }
  ui().mirror.close();
  if (entries_.empty())
    text_center(Rect(r.Min.x, r.Min.y + 56, r.Max.x, r.Max.y), tokens::kTypeBody,
                col().text_tertiary, "Nothing fits");
  ui().mirror.close();
  const bool outside = ImGui::IsMouseClicked(0) && !ImGui::IsMouseHoveringRect(r.Min, r.Max, false);
  ImGui::End();
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false) || outside)
    close();
  else if (chosen >= 0)
    run(entries_[static_cast<size_t>(chosen)]);
  else if (lost)
    focus_ = true;
}

}  // namespace web
