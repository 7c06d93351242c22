// Clusters: what Paddock manages, worst first.
#include <algorithm>
#include <cmath>

#include "web/pages/app.h"
#include "web/pages/cluster_facts.h"
#include "web/pages/delete_dialog.h"
#include "web/widgets/grid.h"

namespace web {
namespace {

enum Column { kState, kName, kType, kVersion, kNodes, kCpu, kMemory, kPods, kAge };
enum TabIndex { kAll, kAttention, kProgress, kActive };

class ClustersPage final : public Page, public GridSource {
 public:
  std::string title(App&) override { return "Clusters"; }

  int count() override { return static_cast<int>(rows_.size()); }
  uint64_t version() override { return version_; }
  std::string_view key(int row) override { return rows_[static_cast<size_t>(row)].id; }
  std::string name(int row) override { return rows_[static_cast<size_t>(row)].name; }
  std::string href(int row) override { return "/dashboard/c/" + url_escape(key(row)); }
  bool second_line(int row) override { return !rows_[static_cast<size_t>(row)].reason.empty(); }
  std::string cell_words(int row, int column) override;
  void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) override;
  void draw_second(Grid& grid, int row, const Rect& r) override;
  void row_menu(int row) override;
  void open(int row, const Hit& how) override { app_->follow(href(row), how); }

 private:
  void draw_content(Frame& f) override;
  void collect();
  void draw_head(const Rect& a, const Collection& all);
  void draw_body(const Rect& body, Collection& all);
  void draw_foot(const Rect& a, const Collection& all);
  void draw_toolbar(const Rect& r);
  void draw_cards(const Rect& r);
  void follow_reason(const ClusterFacts& c);
  void ask_removal(std::vector<std::string> ids);

  App* app_ = nullptr;
  Grid grid_;
  DeleteDialog remove_;
  std::string filter_;
  bool focus_filter_ = false;
  int tab_ = kAll;
  int counts_[4] = {};
  uint64_t seen_ = ~0ull, version_ = 0;
  std::string seen_key_;
  std::vector<ClusterFacts> rows_;
};

int rank(const ClusterFacts& c) {
  return rank_of(c.tone);
}

void ClustersPage::collect() {
  Collection& all = app_->v3.collection("cluster", "/v3/clusters");
  const std::string key = filter_ + "\n" + std::to_string(tab_) + grid_.sort +
                          (grid_.descending ? "-" : "+") + (app_->live() ? "" : "!");
  if (seen_ == all.version && seen_key_ == key && version_ != 0) return;
  seen_ = all.version;
  seen_key_ = key;
  version_++;
  rows_.clear();
  std::fill(std::begin(counts_), std::end(counts_), 0);
  for (const auto& [id, object] : all.items) {
    ClusterFacts c = cluster_facts(object, ui().wall);
    const int r = rank(c);
    const int tab = r <= 1 ? kAttention : c.tone == Tone::kTransitioning ? kProgress : kActive;
    counts_[kAll]++;
    counts_[tab]++;
    if (tab_ != kAll && tab != tab_) continue;
    if (!filter_.empty() && !c.matches(filter_)) continue;
    rows_.push_back(std::move(c));
  }
  const std::string by = grid_.sort.empty() ? "state" : grid_.sort;
  std::stable_sort(rows_.begin(), rows_.end(), [&](const ClusterFacts& a, const ClusterFacts& b) {
    const ClusterFacts& x = grid_.descending ? b : a;
    const ClusterFacts& y = grid_.descending ? a : b;
    if (by == "name") return x.name < y.name;
    if (by == "type") return x.type < y.type;
    if (by == "version") return x.version < y.version;
    if (by == "nodes") return x.nodes < y.nodes;
    if (by == "cpu") return x.cpu > y.cpu;
    if (by == "memory") return x.memory > y.memory;
    if (by == "pods") return x.pods > y.pods;
    if (by == "age") return x.created > y.created;
    if (rank(x) != rank(y)) return rank(x) < rank(y);
    return a.name < b.name;
  });
  grid_.prune(*this);
}

std::string ClustersPage::cell_words(int row, int column) {
  const ClusterFacts& c = rows_[static_cast<size_t>(row)];
  switch (column) {
    case kState:
      return app_->live() ? c.state : "was " + c.state;
    case kName:
      return c.name;
    case kType:
      return c.type;
    case kVersion:
      return c.version;
    case kNodes:
      return c.nodes_text();
    case kCpu:
      return ClusterFacts::percent(c.cpu);
    case kMemory:
      return ClusterFacts::percent(c.memory);
    case kPods:
      return c.pods_used < 0 ? "\xe2\x80\x93" : count_text(c.pods_used);
    default:
      return age_text(c.created, ui().wall);
  }
}

void ClustersPage::draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook&) {
  const auto& k = col();
  const ClusterFacts& c = rows_[static_cast<size_t>(row)];
  const float h = r.GetHeight();
  const std::string words = cell_words(row, column);
  switch (column) {
    case kState:
      if (!app_->live() && app_->v3.ever_live()) {
        icon(r.Min.x + 7, r.Min.y + (h - 14) / 2, 14, k.state_neutral_solid,
             tokens::kIconCloudQuestionOutline);
        text_fit(r.Min.x + 27, r.Min.y, tokens::kTypeBody, k.text_secondary, words,
                 r.GetWidth() - 30, h);
      } else {
        state_badge(r.Min.x, r.Min.y, h, words, c.tone, false, r.GetWidth() - 8);
      }
      return;
    case kName: {
      monogram(r.Min.x, r.Min.y + (h - 24) / 2, 24, c.name);
      const float room = r.GetWidth() - 44;
      const std::string name = fit_middle(tokens::kTypeBodyStrong, c.name, room);
      const float w = text(r.Min.x + 32, r.Min.y, tokens::kTypeBodyStrong, k.text_primary, name, h);
      const Rect zone_r = box(r.Min.x, r.Min.y + 6, 32 + w, h - 12);
      if (ImGui::IsMouseHoveringRect(zone_r.Min, zone_r.Max)) {
        hline(r.Min.x + 32, r.Min.x + 32 + w, r.Min.y + h / 2 + 8, k.text_primary);
      }
      grid.zone(
          zone_r, Role::kLink, c.name, [this, row] { open(row, Hit()); }, href(row));
      if (!c.place.empty()) {
        text_fit(r.Min.x + 42 + w, r.Min.y, tokens::kTypeSmall, k.text_tertiary, c.place,
                 room - w - 14, h);
      }
      return;
    }
    case kType:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeBody, k.text_secondary, words, r.GetWidth() - 8, h);
      return;
    case kVersion:
      text_fit(r.Min.x, r.Min.y, tokens::kTypeCode, k.text_secondary, words, r.GetWidth() - 8, h);
      return;
    case kNodes: {
      const bool off = c.nodes_ready >= 0 && c.nodes_ready < c.nodes;
      const Color ink =
          off ? (c.nodes_ready == 0 ? k.state_error_text : k.state_warning_text) : k.text_primary;
      text_right(r.Max.x - 12, r.Min.y, off ? tokens::kTypeBodyStrong : tokens::kTypeBody,
                 c.nodes < 0 ? k.text_tertiary : ink, words, h);
      return;
    }
    case kCpu:
    case kMemory:
    case kPods: {
      const float f = column == kCpu ? c.cpu : column == kMemory ? c.memory : c.pods;
      if (f >= 0)
        meter(r.Max.x - 12 - 96, r.Min.y + h / 2, tokens::kSizeMeterW, f,
              column == kPods ? k.accent_bar : 0);
      const bool loud = f >= tokens::kMeterWarningFrom && column != kPods;
      text_right(r.Max.x - 12, r.Min.y, loud ? tokens::kTypeBodyStrong : tokens::kTypeBody,
                 f < 0             ? k.text_tertiary
                 : column == kPods ? k.text_primary
                                   : meter_ink(f, k.text_primary),
                 words, h);
      return;
    }
    default:
      text_right(r.Max.x - 12, r.Min.y, tokens::kTypeBody, k.text_secondary, words, h);
      ui().after(age_tick(c.created, ui().wall));
  }
}

void ClustersPage::follow_reason(const ClusterFacts& c) {
  app_->go(c.waiting ? "/dashboard/clusters/import?cluster=" + url_escape(c.id)
                     : "/dashboard/c/" + url_escape(c.id));
}

void ClustersPage::draw_second(Grid& grid, int row, const Rect& r) {
  const ClusterFacts& c = rows_[static_cast<size_t>(row)];
  const char* action = c.waiting ? "Show command" : "Details";
  const float aw = text_width(tokens::kTypeSmallStrong, action);
  const float x = r.Min.x + 32;
  const float w = text_fit(x, r.Min.y, tokens::kTypeSmall, col().text_secondary, c.reason,
                           r.Max.x - x - aw - 12, r.GetHeight());
  const float ax = ImMin(x + w + 8, r.Max.x - aw);
  text(ax, r.Min.y, tokens::kTypeSmallStrong, col().text_link, action, r.GetHeight());
  say_text(box(x, r.Min.y, w, r.GetHeight()), c.reason);
  grid.zone(box(ax, r.Min.y, aw, r.GetHeight()), Role::kLink, std::string(action) + " of " + c.name,
            [this, &c] { follow_reason(c); });
}

void ClustersPage::ask_removal(std::vector<std::string> ids) {
  std::vector<DeleteTarget> targets;
  for (const std::string& id : ids) {
    if (id == "local") continue;
    targets.push_back({app_->cluster_name(id), "/v3/clusters/" + url_escape(id)});
  }
  if (targets.empty()) {
    app_->toast(Tone::kInfo, "The local cluster stays", "It is this server's own Kubernetes API.");
    return;
  }
  remove_.ask("cluster", std::move(targets),
              {.type_name = true,
               .words = "Paddock forgets the cluster and removes its agent where it can reach it. "
                        "Workloads are not touched."});
}

void ClustersPage::row_menu(int row) {
  const ClusterFacts& c = rows_[static_cast<size_t>(row)];
  std::string_view why;
  const bool may = app_->may_change(&why);
  if (menu_item(tokens::kIconViewDashboardOutline, "Open", {.key = "Enter"})) app_->go(href(row));
  if (c.waiting && menu_item(tokens::kIconConsoleLine, "Show command")) follow_reason(c);
  const std::string pins = app_->pref("pinned-clusters");
  const bool pinned = ("," + pins + ",").find("," + c.id + ",") != std::string::npos;
  if (menu_item(tokens::kIconPinOutline, pinned ? "Unpin" : "Pin to navigation")) {
    std::string next;
    for (size_t from = 0; from < pins.size();) {
      size_t end = pins.find(',', from);
      if (end == pins.npos) end = pins.size();
      const std::string id = pins.substr(from, end - from);
      if (id != c.id && !id.empty()) next += (next.empty() ? "" : ",") + id;
      from = end + 1;
    }
    if (!pinned) next += (next.empty() ? "" : ",") + c.id;
    app_->set_pref("pinned-clusters", next);
  }
  menu_gap();
  if (menu_item(tokens::kIconDownload, "Download kubeconfig", {.disabled = !may, .tip = why}))
    app_->kubeconfig(c.id, true);
  if (menu_item(tokens::kIconContentCopy, "Copy kubeconfig", {.disabled = !may, .tip = why}))
    app_->kubeconfig(c.id, false);
  if (menu_item(tokens::kIconContentCopy, "Copy name", {.key = "C"})) app_->copy(c.name, c.name);
  menu_gap();
  if (menu_item(tokens::kIconDeleteOutline, "Remove",
                {.key = "Del", .danger = true, .disabled = !may || c.id == "local", .tip = why})) {
    ask_removal({c.id});
  }
}

void ClustersPage::draw_toolbar(const Rect& r) {
  const float y = r.Min.y + 8;
  input(box(r.Min.x + 24, y, ImMin(260.0f, r.GetWidth() - 48), 32), "Filter clusters", filter_,
        {.hint = "Filter by name, label, version",
         .icon = tokens::kIconFilterVariant,
         .key = "/",
         .focus = focus_filter_});
  focus_filter_ = false;
  if (app_->narrow() && r.GetWidth() < 700) return;
  std::string_view why;
  const bool may = app_->may_change(&why) && !grid_.selected.empty();
  if (grid_.selected.empty()) why = "Select clusters first";
  float x = r.Max.x - 24;
  const ButtonOptions ghost{
      .kind = ButtonKind::kGhost, .icon = tokens::kIconDownload, .disabled = !may, .tip = why};
  if (button_left_of(x, y, "Remove",
                     {.kind = ButtonKind::kDangerGhost,
                      .icon = tokens::kIconDeleteOutline,
                      .disabled = !may,
                      .tip = why})) {
    ask_removal({grid_.selected.begin(), grid_.selected.end()});
  }
  if (button_left_of(x, y, "Kubeconfig", ghost)) {
    for (const std::string& id : grid_.selected) app_->kubeconfig(id, true);
  }
  if (!grid_.selected.empty()) {
    vline(x, y + 8, y + 24, col().border_default);
    x -= 8;
    if (button_left_of(x, y, "Clear", {.kind = ButtonKind::kGhost})) grid_.selected.clear();
    const std::string n = std::to_string(grid_.selected.size()) + " selected";
    text_right(x, y, tokens::kTypeBodyStrong, col().accent_text, n, 32);
    say_text(box(x - 80, y, 80, 32), n);
  }
}

void ClustersPage::draw_cards(const Rect& r) {
  if (!begin_area("cards", r)) return end_area();
  float y = r.Min.y - ImGui::GetScrollY();
  for (int i = 0; i < count(); i++) {
    const ClusterFacts& c = rows_[static_cast<size_t>(i)];
    const float reason_h =
        c.reason.empty() ? 0 : wrap_height(tokens::kTypeProse, c.reason, r.GetWidth() - 32, 20) + 4;
    const float h = 64 + reason_h + (c.cpu >= 0 ? 44 : 8);
    const Rect card_r = box(r.Min.x, y, r.GetWidth(), h);
    const Hit hh = hit(id_of(c.id), card_r);
    ui().mirror.say(hh.id, Role::kLink, c.name + ", " + c.state, place(card_r)).href = href(i);
    monogram(r.Min.x + 16, y + 14, 36, c.name);
    const float bw = state_badge_width(c.state, c.tone);
    text_fit(r.Min.x + 64, y + 10, tokens::kTypeHeading, col().text_primary, c.name,
             r.GetWidth() - 96 - bw, 24);
    text_fit(r.Min.x + 64, y + 34, tokens::kTypeSmall, col().text_secondary,
             c.waiting ? "created " + age_text(c.created, ui().wall) + " ago"
                       : c.type + " \xc2\xb7 " + c.version,
             r.GetWidth() - 96 - bw);
    state_badge(r.Max.x - 16 - bw, y + 16, 24, c.state, c.tone);
    float at = y + 60;
    if (!c.reason.empty())
      at += text_wrap(r.Min.x + 16, at, tokens::kTypeProse, col().text_secondary, c.reason,
                      r.GetWidth() - 32, 20) +
            6;
    if (c.cpu >= 0) {
      const float w = (r.GetWidth() - 64) / 3;
      const std::pair<const char*, float> bars[] = {
          {"CPU", c.cpu}, {"Memory", c.memory}, {"Pods", c.pods}};
      for (int b = 0; b < 3; b++) {
        const float bx = r.Min.x + 16 + static_cast<float>(b) * (w + 16);
        text(bx, at, tokens::kTypeSmall, col().text_secondary, bars[b].first);
        text_right(bx + w, at, tokens::kTypeSmallStrong,
                   meter_ink(bars[b].second, col().text_primary),
                   ClusterFacts::percent(bars[b].second));
        meter(bx, at + 22, w, bars[b].second);
      }
    }
    hline(r.Min.x, r.Max.x, y + h - 1, col().border_subtle);
    if (hh.pressed) open(i, hh);
    y += h;
  }
  end_area(y);
}

void ClustersPage::draw_head(const Rect& a, const Collection& all) {
  const auto& c = col();
  const float y = a.Min.y;
  std::string_view why;
  const bool may = app_->may_change(&why);
  const float tw = text(a.Min.x + 24, y, tokens::kTypeTitle, c.text_primary, "Clusters", 64);
  say_heading(box(a.Min.x + 24, y, tw, 64), "Clusters", 1);
  int ready = 0, nodes = 0;
  for (const auto& [id, object] : all.items) {
    const ClusterFacts facts = cluster_facts(object, ui().wall);
    if (facts.nodes <= 0) continue;
    nodes += facts.nodes;
    // Of a cluster out of reach nobody knows.
    if (facts.tone != Tone::kError) ready += facts.nodes_ready;
  }
  if (nodes > 0) {
    text(a.Min.x + 24 + tw + 12, y + 2, tokens::kTypeBody, c.text_tertiary,
         std::to_string(ready) + " of " + std::to_string(nodes) + " nodes ready", 64);
  }
  float x = a.Max.x - 24;
  if (button_left_of(x, y + 16, "Import cluster",
                     {.kind = ButtonKind::kPrimary,
                      .icon = tokens::kIconImport,
                      .disabled = !may,
                      .tip = why,
                      .href = "/dashboard/clusters/import"})) {
    app_->go("/dashboard/clusters/import");
  }
}

void ClustersPage::draw_body(const Rect& body, Collection& all) {
  std::string_view why;
  const bool may = app_->may_change(&why);
  if (!all.loaded && !all.error.empty()) {
    if (error_page(body, "Clusters cannot be listed", all.error) == 1) app_->v3.reload(all);
  } else if (!all.loaded) {
    skeleton_rows(body, 40);
  } else if (all.items.empty()) {
    empty_page(body, tokens::kIconServerNetwork, "No clusters yet",
               "One command on a cluster brings it here.");
  } else if (rows_.empty()) {
    empty_page(body, tokens::kIconFilterVariant, "No cluster fits",
               "Clear the filter or choose another tab.");
  } else if (app_->phone()) {
    draw_cards(body);
  } else {
    static const std::vector<GridColumn> columns = {
        {"state", "State", 126, 0},
        {"name", "Name", 200, 3},
        {"type", "Type", 86, 0.4f, false, true, 3},
        {"version", "Version", 150, 0.6f, false, true, 4},
        {"nodes", "Nodes", 74, 0, true, true, 2},
        {"cpu", "CPU", 124, 0, true, true, 5},
        {"memory", "Memory", 124, 0, true, true, 5},
        {"pods", "Pods", 128, 0, true, true, 6},
        {"age", "Age", 64, 0, true, true, 7}};
    if (grid_.sort.empty()) grid_.sort = "state";
    grid_.draw(body, *this, columns,
               {.row_height = 40, .keys = app_->page_has_keys(), .label = "Clusters"});
    if (app_->shortcut(ImGuiKey_Delete) && may) {
      if (!grid_.selected.empty())
        ask_removal({grid_.selected.begin(), grid_.selected.end()});
      else if (grid_.cursor_row() >= 0)
        ask_removal({grid_.cursor});
    }
  }
}

void ClustersPage::draw_foot(const Rect& a, const Collection& all) {
  const auto& c = col();
  const float fy = a.Max.y - 40;
  hline(a.Min.x, a.Max.x, fy, c.border_default);
  const std::string n = count_text(count()) + (count() == 1 ? " cluster" : " clusters");
  float x = a.Min.x + 24;
  x += text(x, fy, tokens::kTypeSmall, c.text_secondary, n, 40) + 16;
  if (all.updated_wall > 0) {
    text(x, fy, tokens::kTypeSmall, c.text_tertiary,
         "Updated " + age_text(all.updated_wall, ui().wall) + " ago", 40);
    ui().after(age_tick(all.updated_wall, ui().wall));
  }
}

void ClustersPage::draw_content(Frame& f) {
  app_ = &f.app;
  const Rect& a = f.area;
  const auto& c = col();
  Collection& all = app_->v3.collection("cluster", "/v3/clusters");
  collect();
  float y = a.Min.y;
  if (!app_->phone()) {
    draw_head(a, all);
    y += 64;
  }
  const Tab list[] = {
      {"All", counts_[kAll]},
      {"Needs attention", counts_[kAttention], counts_[kAttention] > 0 ? c.state_error_text : 0,
       counts_[kAttention] > 0 ? c.state_error_subtle : 0},
      {"In progress", counts_[kProgress], counts_[kProgress] > 0 ? c.state_transitioning_text : 0,
       counts_[kProgress] > 0 ? c.state_transitioning_subtle : 0},
      {"Active", counts_[kActive]}};
  if (const int t = tabs(a.Min.x + 24, y, 40, list, 4, tab_, "Clusters by state"); t >= 0) tab_ = t;
  hline(a.Min.x, a.Max.x, y + 39, c.border_default);
  y += 40;
  if (app_->shortcut(ImGuiKey_Slash)) focus_filter_ = true;
  if (!app_->phone()) {
    draw_toolbar(Rect(a.Min.x, y, a.Max.x, y + 48));
    hline(a.Min.x, a.Max.x, y + 47, c.border_default);
    y += 48;
  }
  const Rect body(a.Min.x, y, a.Max.x, a.Max.y - (app_->phone() ? 0 : 40));
  draw_body(body, all);
  if (!app_->phone()) draw_foot(a, all);
  remove_.draw(*app_);
}

}  // namespace

void register_clusters(PageSet& set) {
  set.add("clusters", [](const Route&) { return std::make_unique<ClustersPage>(); });
}

}  // namespace web
