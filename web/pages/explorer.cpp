// Explorer: the objects of any kind of a cluster, as its server's Table shows them, live.
#include "web/pages/explorer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace web {

namespace {

// The least that a column of the server's needs.
float width_of(std::string_view title, bool number) {
  if (title == "Message") return 260;
  if (title == "Images") return 220;
  if (title == "Object") return 200;
  if (title == "Ready") return 72;
  if (title == "IP") return 112;
  return number ? 86 : 116;
}

}  // namespace

void ExplorerPage::choose_columns() {
  const auto& columns = list_->columns();
  const bool with_use = measured() && usage_.known();
  if (columns.empty() ||
      (columns_for_ == columns.size() && !columns_.empty() && columns_with_use_ == with_use))
    return;
  columns_for_ = columns.size();
  columns_with_use_ = with_use;
  columns_.clear();
  state_cell_ = ready_cell_ = -1;
  int name_cell = 0, age_cell = -1;
  for (size_t i = 0; i < columns.size(); i++) {
    const std::string& n = columns[i].name;
    const int at = static_cast<int>(i);
    if (is_word(n, {"Status", "State", "Phase"})) state_cell_ = at;
    if (n == "Ready") ready_cell_ = at;
    if (columns[i].format == "name" || n == "Name") name_cell = at;
    if (is_word(n, {"Age", "Created At", "Last Seen"})) age_cell = at;
  }
  const bool events = plural_ == "events";
  if (state_cell_ >= 0 || ready_cell_ >= 0)
    columns_.push_back({kStateColumn, {"state", "State", 160, 0}});
  if (!events) columns_.push_back({name_cell, {"name", "Name", 190, 4}});
  if (list_->kind().namespaced)
    columns_.push_back({kNamespaceColumn, {"namespace", "Namespace", 110, 0.5f, false, true, 3}});
  int drop = 4;
  for (size_t i = 0; i < columns.size(); i++) {
    const int at = static_cast<int>(i);
    const std::string& n = columns[i].name;
    if (at == state_cell_ || at == age_cell || (at == name_cell && !events) || n == "Namespace")
      continue;
    if (is_word(n,
                {"Nominated Node", "Readiness Gates", "Selector", "Container-Runtime",
                 "Kernel-Version", "OS-Image", "Subobject", "First Seen", "Name", "Containers"}) &&
        columns[i].priority > 0) {
      continue;
    }
    const bool number =
        columns[i].number || is_word(n, {"Ready", "Restarts", "Up-to-date", "Available", "Desired",
                                         "Current", "Data", "Completions"});
    const float grow = n == "Message" ? 6 : n == "Images" || n == "Object" ? 2 : number ? 0 : 0.5f;
    columns_.push_back({at,
                        {"c" + std::to_string(i), n, width_of(n, number), grow, number, true,
                         n == "IP"                 ? 15  // Node says more
                         : columns[i].priority > 0 ? 8 + at % 7
                         : n == "Message"          ? 0
                                                   : drop}});
    drop = std::min(drop + 1, 7);
  }
  if (with_use) {
    // After the numbers of the server, before its words.
    auto at = columns_.begin();
    for (auto it = columns_.begin(); it != columns_.end(); ++it) {
      if (it->grid.right || it->grid.id == "name" || it->grid.id == "namespace") at = it + 1;
    }
    at = columns_.insert(at, {kMemoryColumn, {"memory", "Memory", 84, 0, true, true, 2}});
    columns_.insert(at, {kCpuColumn, {"cpu", "CPU", 76, 0, true, true, 2}});
  }
  columns_.push_back({kAgeColumn, {"age", events ? "Last seen" : "Age", 72, 0, true, true, 3}});
  grid_columns_.clear();
  for (const Shown& s : columns_) grid_columns_.push_back(s.grid);
  if (grid_.sort.empty())
    grid_.sort = events ? "age" : state_cell_ >= 0 || ready_cell_ >= 0 ? "state" : "name";
}

namespace {

bool holds_word(std::string_view text, std::string_view low_word) {
  auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (low_word.empty()) return true;
  for (size_t i = 0; i + low_word.size() <= text.size(); i++) {
    size_t k = 0;
    while (k < low_word.size() && low(text[i + k]) == low_word[k]) k++;
    if (k == low_word.size()) return true;
  }
  return false;
}

}  // namespace

void ExplorerPage::order() {
  std::string key = filter_ + "\n" + grid_.sort + (grid_.descending ? "-" : "+");
  for (const std::string& ns : app_->cluster(cluster_).namespaces) key += "\n" + ns;
  const bool by_use = grid_.sort == "cpu" || grid_.sort == "memory";
  const uint64_t list_version =
      list_->version() + reasons_.version() + (by_use ? usage_.version() : 0);
  if (seen_ == list_version && seen_key_ == key) return;
  // A list that changes all the time is put in order a few times a second, not at each change.
  if (seen_key_ == key && list_->complete() && ui().now - ordered_at_ < 200 &&
      list_->rows().size() > 2000) {
    ui().after(200);
    return;
  }
  ordered_at_ = ui().now;
  seen_ = list_version;
  seen_key_ = key;
  version_++;
  order_.clear();
  std::string low = filter_;
  for (char& ch : low) {
    if (ch >= 'A' && ch <= 'Z') ch = static_cast<char>(ch + 32);
  }
  const auto& rows = list_->rows();
  for (size_t i = 0; i < rows.size(); i++) {
    if (list_->wanted(rows[i]) && holds_word(rows[i].blob, low))
      order_.push_back(static_cast<uint32_t>(i));
  }
  const Shown* by = nullptr;
  for (const Shown& s : columns_) {
    if (s.grid.id == grid_.sort) by = &s;
  }
  struct Key {
    double number;
    std::string_view text;
  };
  std::vector<Key> keys(rows.size());
  for (const uint32_t i : order_) {
    const TableRow& r = rows[i];
    if (by == nullptr || by->grid.id == "name")
      keys[i] = {0, r.name()};
    else if (by->cell == kStateColumn)
      keys[i] = {static_cast<double>(rank_of(tone_of_row(r))), r.name()};
    else if (by->cell == kNamespaceColumn)
      keys[i] = {0, r.ns()};
    else if (by->cell == kAgeColumn)
      keys[i] = {-static_cast<double>(r.created), r.name()};
    else if (by->cell == kCpuColumn || by->cell == kMemoryColumn) {
      const Use* use = usage_.of(r.ns(), r.name());
      const bool cpu = by->cell == kCpuColumn;
      keys[i] = {use == nullptr ? -1 : cpu ? use->cpu : use->memory, r.name()};
    } else if (by->grid.right)
      keys[i] = {std::strtod(std::string(r.cell(static_cast<size_t>(by->cell))).c_str(), nullptr),
                 r.name()};
    else
      keys[i] = {0, r.cell(static_cast<size_t>(by->cell))};
  }
  const bool down = grid_.descending;
  std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
    if (keys[a].number != keys[b].number)
      return down ? keys[a].number > keys[b].number : keys[a].number < keys[b].number;
    if (keys[a].text != keys[b].text)
      return down && by != nullptr && by->cell != kStateColumn ? keys[a].text > keys[b].text
                                                               : keys[a].text < keys[b].text;
    return a < b;
  });
  grid_.prune(*this);
}

void ExplorerPage::ask_delete(std::vector<std::string> uids) {
  std::vector<DeleteTarget> targets;
  const std::string base = app_->cluster(cluster_).base;
  for (const std::string& uid : uids) {
    if (const TableRow* r = list_->by_uid(uid))
      targets.push_back(
          {std::string(r->name()), base + list_->kind().object_path(r->ns(), r->name())});
  }
  std::string what = list_->kind().kind;
  if (!targets.empty())
    delete_.ask(std::move(what), std::move(targets),
                {.words = "What it owns is deleted with it. This cannot be undone."});
}

void ExplorerPage::workload_items(int row, bool may, std::string_view why) {
  const ApiKind& kind = list_->kind();
  if (can_scale(kind) &&
      menu_item(tokens::kIconArrowExpandVertical, "Scale", {.disabled = !may, .tip = why})) {
    std::string_view ready =
        ready_cell_ >= 0 ? at(row).cell(static_cast<size_t>(ready_cell_)) : "1";
    ready.remove_prefix(std::min(ready.size(), ready.find('/') + 1));
    scale_.ask(url_of(row), name(row), std::atoi(std::string(ready).c_str()));
  }
  if (can_restart(kind) &&
      menu_item(tokens::kIconRestart, "Restart", {.disabled = !may, .tip = why}))
    restart_workload(*app_, url_of(row), name(row));
  if (is_node(kind)) {
    const bool off = state_of(at(row)).find("SchedulingDisabled") != std::string_view::npos;
    if (menu_item(off ? tokens::kIconCheck : tokens::kIconPause, off ? "Uncordon" : "Cordon",
                  {.disabled = !may, .tip = why}))
      set_scheduling(*app_, url_of(row), name(row), off ? Scheduling::kOn : Scheduling::kOff);
  }
  if (can_scale(kind) || can_restart(kind) || is_node(kind)) menu_gap();
}

void ExplorerPage::row_menu(int row) {
  std::string_view why;
  const bool live = app_->may_change(&why), may = live && list_->kind().can_delete;
  if (pods()) {
    if (menu_item(tokens::kIconTextLong, "View log", {.key = "L"})) open_pod_log(*app_, pod(row));
    if (menu_item(tokens::kIconConsoleLine, "Open shell", {.key = "S"}))
      open_pod_shell(*app_, pod(row));
    menu_gap();
  } else if (menu_item(tokens::kIconViewDashboardOutline, "Open", {.key = "Enter"})) {
    open(row, Hit());
  }
  workload_items(row, live, why);
  if (menu_item(tokens::kIconCodeBraces, "Edit YAML", {.key = "Y"})) app_->go(href(row) + "#yaml");
  if (menu_item(tokens::kIconContentCopy, "Copy name", {.key = "C"}))
    app_->copy(name(row), name(row));
  menu_gap();
  if (menu_item(tokens::kIconDeleteOutline, "Delete",
                {.key = "Del", .danger = true, .disabled = !may, .tip = why})) {
    ask_delete({std::string(at(row).uid())});
  }
}

void ExplorerPage::draw_actions(const Rect& r, float x_min) {
  const float y = r.Min.y + 16;
  float x = r.Max.x - 24;
  std::string_view why;
  const bool live = app_->may_change(&why);
  const bool some = !grid_.selected.empty();
  if (live && !some) why = "Select rows first";
  x -= 32;
  if (icon_button(x, y, tokens::kIconFormatLineSpacing,
                  ui().comfortable ? "Compact rows" : "Comfortable rows")
          .pressed) {
    app_->set_pref("density", ui().comfortable ? "compact" : "comfortable");
  }
  vline(x - 6, y + 8, y + 24, col().border_default);
  x -= 12;
  const bool makes = list_->kind().can_create && !is_node(list_->kind()) && plural_ != "events";
  if (makes && x - x_min > 120 &&
      button_left_of(x, y, "Create",
                     {.icon = tokens::kIconPlus, .disabled = !live, .tip = live ? "" : why}))
    app_->go("/dashboard/c/" + url_escape(cluster_) + "/create?group=" + group_ +
             "&kind=" + plural_);
  if (x - x_min < 120) return;
  if (button_left_of(x, y, "Delete",
                     {.kind = ButtonKind::kDangerGhost,
                      .icon = tokens::kIconDeleteOutline,
                      .disabled = !some || !live,
                      .tip = why})) {
    ask_delete({grid_.selected.begin(), grid_.selected.end()});
  }
  if (pods() && x - x_min > 90) {
    if (button_left_of(x, y, "Logs",
                       {.kind = ButtonKind::kGhost,
                        .icon = tokens::kIconTextLong,
                        .disabled = !some,
                        .tip = some ? "" : why})) {
      for (int i = 0; i < count(); i++) {
        if (grid_.selected.count(key(i)) > 0) open_pod_log(*app_, pod(i));
      }
    }
  }
  const std::string n = std::to_string(grid_.selected.size()) + " selected";
  if (some && x - x_min > text_width(tokens::kTypeBodyStrong, n) + 16) {
    vline(x, y + 8, y + 24, col().border_default);
    text_right(x - 12, y, tokens::kTypeBodyStrong, col().accent_text, n, 32);
    say_text(box(x - 92, y, 80, 32), n);
  }
}

void ExplorerPage::draw_head(const Rect& r) {
  const auto& c = col();
  float x = r.Min.x + 24;
  const float tw = text(x, r.Min.y, tokens::kTypeTitle, c.text_primary, label_, 64);
  say_heading(box(x, r.Min.y, tw, 64), label_, 1);
  x += tw + 12;
  const auto all =
      static_cast<int64_t>(list_->rows().size()) + (list_->complete() ? 0 : list_->remaining());
  std::string n = count_text(count());
  if (count() != all) n += " of " + count_text(all);
  if (list_->state() == TableList::State::kLive)
    x += text(x, r.Min.y + 2, tokens::kTypeBody, c.text_tertiary, n, 64);
  ui().mirror.say(id_of("count"), Role::kStatus, n, place(box(x - 40, r.Min.y, 40, 64)));
  x += 24;
  if (list_->kind().namespaced) {
    const float w = spaces_.draw(*app_, cluster_, x, r.Min.y + 16, r.Max.x - 24 - x - 380);
    x += w + 8;
  }
  const float fw = ImMin(200.0f, r.Max.x - 60 - x);
  if (fw > 90) {
    input(
        box(x, r.Min.y + 16, fw, 32), "Filter", filter_,
        {.hint = "Filter", .icon = tokens::kIconFilterVariant, .key = "/", .focus = focus_filter_});
    x += fw + 8;
  }
  focus_filter_ = false;
  draw_actions(r, x);
}

void ExplorerPage::row_keys() {
  const int row = grid_.cursor_row();
  if (app_->shortcut(ImGuiKey_Slash)) focus_filter_ = true;
  if (app_->shortcut(ImGuiKey_N) && list_->kind().namespaced) spaces_.open();
  std::string_view why;
  if (app_->shortcut(ImGuiKey_Delete) && app_->may_change(&why)) {
    if (!grid_.selected.empty())
      ask_delete({grid_.selected.begin(), grid_.selected.end()});
    else if (row >= 0)
      ask_delete({std::string(at(row).uid())});
  }
  if (row < 0 || row >= count()) return;
  if (app_->shortcut(ImGuiKey_Y)) app_->go(href(row) + "#yaml");
  if (app_->shortcut(ImGuiKey_E)) app_->go(href(row) + "#yaml");
  if (app_->shortcut(ImGuiKey_C)) app_->copy(name(row), name(row));
  if (pods() && app_->shortcut(ImGuiKey_L)) open_pod_log(*app_, pod(row));
  if (pods() && app_->shortcut(ImGuiKey_S)) open_pod_shell(*app_, pod(row));
}

void ExplorerPage::draw_body(const Rect& r) {
  const float row_h = app_->phone()      ? tokens::kSizeRowTouch
                      : ui().comfortable ? tokens::kSizeRowComfortable
                                         : tokens::kSizeRowCompact;
  switch (list_->state()) {
    case TableList::State::kFailed: {
      const Status& e = list_->error();
      if (error_page(r, label_ + " cannot be listed", e.message()) == 1) list_->restart();
      return;
    }
    case TableList::State::kIdle:
    case TableList::State::kLoading:
      if (loading_since_ == 0) loading_since_ = ui().now;
      if (ui().now - loading_since_ > tokens::kMotionSkeletonDelay)
        skeleton_rows(Rect(r.Min.x, r.Min.y + 32, r.Max.x, r.Max.y), row_h);
      else
        ui().after(tokens::kMotionSkeletonDelay);
      return;
    case TableList::State::kLive:
      break;
  }
  loading_since_ = 0;
  if (list_->rows().empty() && list_->complete()) {
    empty_page(r, tokens::kIconCubeOutline, "No " + label_ + " here",
               app_->cluster(cluster_).namespaces.empty()
                   ? "Nothing of this kind exists in the cluster."
                   : "Nothing of this kind in the chosen namespaces.");
    return;
  }
  if (order_.empty()) {
    empty_page(r, tokens::kIconFilterVariant, "Nothing fits",
               "Clear the filter or choose other namespaces.");
    return;
  }
  grid_.draw(r, *this, grid_columns_,
             {.row_height = row_h,
              .select = !app_->phone(),
              .menu = !app_->phone(),
              .keys = app_->page_has_keys(),
              .label = label_});
  row_keys();
}

void ExplorerPage::draw_content(Frame& f) {
  app_ = &f.app;
  const std::string path = f.route.path();
  ClusterView& view = app_->cluster(cluster_);
  const ApiKind* kind = view.discovery.find(group_, plural_);
  if (list_ == nullptr && kind == nullptr) {
    if (!view.discovery.error().empty()) {
      if (error_page(f.area, "The cluster does not answer", view.discovery.error()) == 1)
        view.discovery.load();
    } else if (view.discovery.loaded()) {
      empty_page(f.area, tokens::kIconCompassOffOutline, "The cluster has no " + plural_,
                 "No such kind in its API" + (group_.empty() ? "." : " group " + group_ + "."));
    } else {
      skeleton_rows(Rect(f.area.Min.x, f.area.Min.y + 96, f.area.Max.x, f.area.Max.y), 32);
    }
    return;
  }
  if (list_ == nullptr) {
    list_ = std::make_unique<TableList>(app_->api, view.base, *kind);
    label_ = kind_label(*kind);
  }
  if (!read_url_) {
    read_url_ = true;
    filter_ = f.route.query.count("q") > 0 ? f.route.query.at("q") : "";
    spaces_.read(*app_, cluster_, f.route);
  }
  list_->show(list_->kind().namespaced ? view.namespaces : std::vector<std::string>());
  list_->tick(ui().now);
  if (measured()) {
    const bool one = view.namespaces.size() == 1 && pods();
    usage_.look(*app_, view, plural_, one ? view.namespaces[0] : "");
  }
  choose_columns();
  if (list_->state() == TableList::State::kLive) order();
  if (pods())
    reasons_.look(*app_, view.base, *list_, order_,
                  [this](const TableRow& r) { return rank_of(tone_of_row(r)) <= 1; });
  const float head = 64;
  draw_head(box(f.area.Min.x, f.area.Min.y, f.area.GetWidth(), head));
  hline(f.area.Min.x, f.area.Max.x, f.area.Min.y + head - 1, col().border_default);
  draw_body(Rect(f.area.Min.x, f.area.Min.y + head, f.area.Max.x, f.area.Max.y));
  delete_.draw(*app_);
  scale_.draw(*app_);
  if (f.route.path() != path) return;  // a link was followed just now
  Route now = f.route;
  now.query["q"] = filter_;
  now.query["ns"] = spaces_.joined(*app_, cluster_);
  if (filter_.empty()) now.query.erase("q");
  if (now.query["ns"].empty()) now.query.erase("ns");
  app_->replace(now);
}

void register_explorer(PageSet& set) {
  set.add("c/*/r/*/*", [](const Route& r) { return std::make_unique<ExplorerPage>(r); });
}

}  // namespace web
