// One project: its quota and facts, its members, its namespaces; and the form that makes or edits
// one.
#include <cmath>

#include "web/pages/list_page.h"
#include "web/pages/members.h"
#include "web/pages/projects.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

class ProjectPage final : public Page {
 public:
  explicit ProjectPage(const Route& r)
      : cluster_(r.part(1)),
        id_(r.part(1) + ":" + r.part(3)),
        members_(Members::Of::kProject, id_) {
    spaces_.columns = {{"state", "State", 130, 0},
                       {"name", "Name", 180, 1},
                       {"quota", "Quota", 200, 1.6f, false, false, 3},
                       {"age", "Age", 72, 0, true, true, 2}};
    spaces_.grid.sort = "name";
    spaces_.opened = [this](const std::string& name) { app_->go(namespace_href(cluster_, name)); };
    spaces_.menu = [this](const std::string& name) {
      std::string_view why;
      const bool may = app_->may_change(&why);
      if (menu_item(tokens::kIconArrowRight, "Move to another project",
                    {.disabled = !may, .tip = why}))
        move_.ask(cluster_, {name});
      if (menu_item(tokens::kIconPencilOutline, "Limits", {.disabled = !may, .tip = why}))
        limits_.ask(*app_, cluster_, name);
      if (menu_item(tokens::kIconContentCopy, "Copy name")) app_->copy(name, name);
    };
  }
  std::string title(App& app) override {
    const Json* p = projects_of(app, cluster_).find(id_);
    return std::string(p == nullptr ? "Project" : p->str("name", id_));
  }

 private:
  void head(Frame& f, const Json& p) {
    const auto& c = col();
    const Rect& a = f.area;
    const float pad = app_->phone() ? 16 : 24;
    std::string_view why;
    const bool may = app_->may_change(&why);
    float right = a.Max.x - pad;
    if (icon_button(right - 32, a.Min.y + 16, tokens::kIconDotsVertical, "More", {.framed = true})
            .pressed)
      open_menu("Project menu");
    if (begin_menu("Project menu", ImVec2(right, a.Min.y + 52), 220, true)) {
      if (menu_item(tokens::kIconContentCopy, "Copy ID")) app_->copy(id_, id_);
      menu_gap();
      const bool stays = !has_link(p, "remove");
      if (menu_item(tokens::kIconDeleteOutline, "Delete",
                    {.danger = true,
                     .disabled = !may || stays,
                     .tip = stays ? "This project stays, or you may not delete it" : why}))
        ask_project_removal(*app_, delete_, p, [app = app_, cluster = cluster_] {
          app->go("/dashboard/c/" + url_escape(cluster) + "/projects");
        });
      end_menu();
    }
    right -= 40;
    const std::string edit = project_href(id_) + "/edit";
    if (button_left_of(right, a.Min.y + 16, "Edit",
                       {.icon = tokens::kIconPencilOutline,
                        .disabled = !may || !has_link(p, "update"),
                        .tip = why,
                        .href = edit}))
      app_->go(edit);
    float x = a.Min.x + pad;
    const std::string_view name = p.str("name", id_), words = p.str("description");
    const float line = words.empty() ? 64 : 28, top = a.Min.y + (words.empty() ? 0 : 8);
    if (!app_->phone()) {
      const float w =
          text_fit(x, top, tokens::kTypeTitle, c.text_primary, name, right - x - 200, line);
      say_heading(box(x, top, w, line), name, 1);
      const std::string state = state_label(p.str("state", "active"));
      float bx = x + w + 10;
      bx += state_badge(bx, top, line, state, tone_of(p.str("state", "active")), false, 180) + 10;
      if (const std::string note = project_note(p); !note.empty())
        tag(bx, top + (line - 22) / 2, note);
    } else {
      say_heading(box(x, top, 1, 1), name, 1);
    }
    if (!words.empty())
      text_fit(x, a.Min.y + 36, tokens::kTypeSmall, c.text_secondary, words, right - x - 12, 18);
  }

  float quota_card(float x, float y, float w, const Json& p) {
    const auto uses = quota_uses(p);
    const auto& c = col();
    const std::string each = quota_words(p.at({"namespaceDefaultResourceQuota", "limit"}));
    const std::string container = quota_words_of_containers(p);
    const float wrap = w - 32;
    const float each_h =
        each.empty() ? 0
                     : wrap_height(tokens::kTypeBody, "Each new namespace gets: " + each, wrap) + 8;
    const float con_h = container.empty() ? 0 : wrap_height(tokens::kTypeBody, container, wrap) + 8;
    const float bars = uses.empty() ? 52.0f : 46 * static_cast<float>(uses.size());
    const Rect r = box(x, y, w, 48 + bars + each_h + con_h + 8);
    card(r);
    text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, "Quota", 24);
    say_heading(box(x + 16, y + 12, 60, 24), "Quota", 2);
    text_right(r.Max.x - 16, y + 12, tokens::kTypeSmall, c.text_tertiary,
               "given to namespaces, of the limit", 24);
    float at = y + 48;
    if (uses.empty()) {
      text_wrap(x + 16, at, tokens::kTypeBody, c.text_secondary,
                "No limits: its namespaces may use what the cluster has.", wrap);
      at += bars;
    } else {
      at = quota_bars(uses, x + 16, at, wrap);
    }
    if (!each.empty()) {
      at += text_wrap(x + 16, at, tokens::kTypeBody, c.text_secondary,
                      "Each new namespace gets: " + each, wrap) +
            8;
    }
    if (!container.empty())
      text_wrap(x + 16, at, tokens::kTypeBody, c.text_secondary, container, wrap);
    return r.Max.y + 16;
  }

  static std::string quota_words_of_containers(const Json& p) {
    const std::string words = quota_words(p.find("containerDefaultResourceLimit"));
    return words.empty() ? words : "Containers get by default: " + words;
  }

  float facts_card(float x, float y, float w, const Json& p) {
    const auto& c = col();
    const int64_t created = parse_time(p.str("created"));
    const Person creator = person_of_user(*app_, p.str("creatorId"));
    const std::string lines[][2] = {
        {"ID", id_},
        {"Created",
         created > 0 ? time_text(created, app_->backend.zone_minutes(created)) : "\xe2\x80\x93"},
        {"Created by", p.str("creatorId").empty() ? "\xe2\x80\x93" : creator.name}};
    std::vector<const Json*> conditions;
    if (const Json* all = p.find("conditions"); all != nullptr && all->is_array()) {
      for (const Json& one : all->as_array()) conditions.push_back(&one);
    }
    const Rect r = box(x, y, w, 56 + 28 * static_cast<float>(3 + conditions.size()));
    card(r);
    text(x + 16, y + 12, tokens::kTypeSection, c.text_primary, "Details", 24);
    say_heading(box(x + 16, y + 12, 60, 24), "Details", 2);
    float at = y + 44;
    for (const auto& l : lines) {
      text(x + 16, at, tokens::kTypeBody, c.text_secondary, l[0], 28);
      text_fit(x + 120, at, tokens::kTypeBody, c.text_primary, l[1], w - 136, 28);
      say_text(box(x + 16, at, w - 32, 28), l[0] + " " + l[1]);
      at += 28;
    }
    for (const Json* one : conditions) {
      const std::string_view status = one->str("status");
      const Tone tone = status == "True"    ? Tone::kSuccess
                        : status == "False" ? Tone::kError
                                            : Tone::kTransitioning;
      tone_mark(x + 16, at + 7, 14, tone);
      const float tw = text(x + 38, at, tokens::kTypeBody, c.text_primary, one->str("type"), 28);
      text_fit(x + 48 + tw, at, tokens::kTypeSmall, c.text_tertiary, one->str("message"),
               w - tw - 64, 28);
      say_text(box(x + 16, at, w - 32, 28), std::string(one->str("type")) + " " +
                                                std::string(status) + " " +
                                                std::string(one->str("message")));
      at += 28;
    }
    return r.Max.y + 16;
  }

  void overview(const Rect& r, const Json& p) {
    if (!begin_area("overview", r)) return end_area();
    const float pad = app_->phone() ? 16 : 24;
    const float w = r.GetWidth() - pad * 2, x = r.Min.x + pad;
    float y = r.Min.y + 20 - ImGui::GetScrollY();
    const bool two = w > 760;
    const float left_w = two ? std::floor((w - 16) * 0.58f) : w;
    const float end = quota_card(x, y, left_w, p);
    const float other =
        facts_card(two ? x + left_w + 16 : x, two ? y : end, two ? w - left_w - 16 : w, p);
    end_area(ImMax(end, other));
  }

  void namespaces(const Rect& r) {
    Collection& all = namespaces_of(*app_, cluster_);
    if (!all.loaded) {
      if (all.error.empty())
        skeleton_rows(r, 40);
      else if (error_page(r, "Namespaces cannot be listed", all.error) == 1)
        app_->v3.reload(all);
      return;
    }
    if (seen_ != all.version) {
      seen_ = all.version;
      std::vector<SimpleRow> rows;
      for (const auto& [id, ns] : all.items) {
        if (ns.str("projectId") != id_) continue;
        SimpleRow row;
        row.key = row.name = row.haystack = ns.str("name", id);
        const std::string state = state_label(ns.str("state", "active"));
        row.cells = {{SimpleCell::Kind::kState, state, tone_of(state)},
                     {SimpleCell::Kind::kName, row.name},
                     {SimpleCell::Kind::kText, quota_words(ns.at({"resourceQuota", "limit"}))},
                     {SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(ns.str("created"))}};
        row.cells[1].href = namespace_href(cluster_, row.name);
        if (row.cells[0].tone != Tone::kSuccess) row.second = ns.str("transitioningMessage");
        rows.push_back(std::move(row));
      }
      spaces_.set(std::move(rows));
    }
    if (namespaces_in(*app_, cluster_, id_).empty())
      return empty_page(r, tokens::kIconFolderOutline, "No namespaces yet",
                        "Create one here, or move one from another project.");
    spaces_.draw(r, filter_,
                 {.select = false, .keys = app_->page_has_keys(), .label = "Namespaces"});
  }

  // The tool of a tab at its right end.
  void tab_tool(const Rect& r, int tab) {
    std::string_view why;
    const bool may = app_->may_change(&why);
    float right = r.Max.x - (app_->phone() ? 16 : 24);
    const ButtonOptions o{.icon = tokens::kIconPlus, .disabled = !may, .tip = why, .height = 28};
    if (tab == 1 && button_left_of(right, r.Min.y + 6, "Add member", o)) members_.add();
    if (tab == 2 && button_left_of(right, r.Min.y + 6, "Create namespace", o))
      create_.ask(cluster_, id_);
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    Collection& all = projects_of(*app_, cluster_);
    const Json* found = all.find(id_);
    const Rect& a = f.area;
    if (found == nullptr) {
      if (!all.loaded && !all.error.empty()) {
        if (error_page(a, "The project cannot be read", all.error) == 1) app_->v3.reload(all);
      } else if (!all.loaded) {
        skeleton_rows(Rect(a.Min.x, a.Min.y + 110, a.Max.x, a.Max.y), 40);
      } else {
        empty_page(a, tokens::kIconCompassOffOutline, "This project does not exist",
                   "It was deleted, or you may not see it.");
      }
      return delete_.draw(*app_);
    }
    const Json p = *found;  // the collection may change while it is drawn
    head(f, p);
    static constexpr std::string_view kTabs[] = {"", "members", "namespaces"};
    int tab = 0;
    for (int i = 0; i < 3; i++) {
      if (f.route.tab == kTabs[i]) tab = i;
    }
    const Collection& bindings = members_.bindings(*app_);
    const Tab list[] = {
        {"Overview"},
        {"Members", bindings.loaded ? static_cast<int>(bindings.items.size()) : -1},
        {"Namespaces", static_cast<int>(namespaces_in(*app_, cluster_, id_).size())}};
    const float y = a.Min.y + 64;
    if (const int t =
            tabs(a.Min.x + (app_->phone() ? 16 : 24), y, 40, list, 3, tab, "Of the project");
        t >= 0) {
      Route to = f.route;
      to.tab = kTabs[t];
      app_->go(to.url());
    }
    hline(a.Min.x, a.Max.x, y + 39, col().border_default);
    if (!app_->phone()) tab_tool(Rect(a.Min.x, y, a.Max.x, y + 40), tab);
    const Rect body(a.Min.x, y + 40, a.Max.x, a.Max.y);
    if (tab == 0) overview(body, p);
    if (tab == 1) members_.draw(*app_, body, "");
    if (tab == 2) namespaces(body);
    create_.draw(*app_);
    move_.draw(*app_);
    limits_.draw(*app_);
    delete_.draw(*app_);
  }

  App* app_ = nullptr;
  std::string cluster_, id_, filter_;
  Members members_;
  SimpleList spaces_;
  uint64_t seen_ = ~0ull;
  DeleteDialog delete_;
  NamespaceDialog create_;
  MoveDialog move_;
  LimitsDialog limits_;
};

class ProjectForm final : public Page {
 public:
  explicit ProjectForm(const Route& r) : cluster_(r.part(1)) {
    if (r.part(3) != "create") id_ = r.part(1) + ":" + r.part(3);
    loaded_ = id_.empty();
  }
  std::string title(App&) override { return id_.empty() ? "Create project" : "Edit project"; }
  bool unsaved() const override { return touched_; }

 private:
  std::string back() const {
    return id_.empty() ? "/dashboard/c/" + url_escape(cluster_) + "/projects" : project_href(id_);
  }

  void save() {
    busy_ = true;
    error_.clear();
    Json body = Json::object({{"type", "project"}, {"name", name_}, {"description", words_}});
    quota_.store(body);
    if (id_.empty()) body.set("clusterId", cluster_);
    app_->api.send(id_.empty() ? "POST" : "PUT",
                   id_.empty() ? "/v3/projects" : "/v3/projects/" + url_escape(id_), body,
                   alive_.guard([this](Result<Json> answer) {
                     busy_ = false;
                     if (!answer) {
                       error_ = answer.error().message();
                       return;
                     }
                     touched_ = false;
                     app_->toast(Tone::kSuccess,
                                 id_.empty() ? "Created " + name_ : "Saved " + name_);
                     app_->v3.reload(projects_of(*app_, cluster_));
                     app_->go(project_href(answer->str("id")));
                   }));
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    page_head(f, {.title = title(*app_)});
    if (!loaded_) {
      const Json* p = projects_of(*app_, cluster_).find(id_);
      if (p == nullptr) return skeleton_rows(Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y), 40);
      name_ = p->str("name");
      words_ = p->str("description");
      quota_.load(*p);
      loaded_ = true;
    }
    const float pad = app_->phone() ? 16 : 24;
    const Rect body(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y - tokens::kShellActionBar);
    if (begin_area("form", body)) {
      const float x = a.Min.x + pad, w = ImMin(tokens::kShellFormMax, a.GetWidth() - pad * 2);
      float y = body.Min.y + 20 - ImGui::GetScrollY();
      touched_ |= field(x, y, w, "Name", name_, {.hint = "Checkout team", .focus = fresh_});
      fresh_ = false;
      y += kFieldHeight;
      touched_ |= field(x, y, w, "Description", words_, {}, "optional");
      y += kFieldHeight + 12;
      y = quota_.draw(x, y, w);
      end_area(y + 16);
    } else {
      end_area();
    }
    const FormBar bar =
        form_bar(f, {.action = id_.empty() ? "Create" : "Save",
                     .wrong = name_.empty() ? std::string("A name is needed") : quota_.problem(),
                     .error = error_,
                     .busy = busy_});
    if (bar == FormBar::kSave) save();
    if (bar == FormBar::kCancel) {
      touched_ = false;
      app_->go(back());
    }
  }

  App* app_ = nullptr;
  std::string cluster_, id_, name_, words_, error_;
  QuotaForm quota_;
  bool loaded_ = false, busy_ = false, touched_ = false, fresh_ = true;
  Lifetime alive_;
};

}  // namespace

void register_project(PageSet& set) {
  auto form = [](const Route& r) { return std::make_unique<ProjectForm>(r); };
  set.add("c/*/projects/create", form);
  set.add("c/*/projects/*/edit", form);
  set.add("c/*/projects/*", [](const Route& r) { return std::make_unique<ProjectPage>(r); });
}

}  // namespace web
