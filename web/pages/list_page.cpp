#include "web/pages/list_page.h"

namespace web {

bool page_head(Frame& f, const HeadOptions& o) {
  App& app = f.app;
  const Rect& a = f.area;
  float x = a.Min.x + (app.phone() ? 16 : 24);
  if (app.phone()) {
    say_heading(box(x, a.Min.y, 1, 1), o.title, 1);  // the header shows it
  } else {
    const float tw = text(x, a.Min.y, tokens::kTypeTitle, col().text_primary, o.title, 64);
    say_heading(box(x, a.Min.y, tw, 64), o.title, 1);
    x += tw + 12;
    x += text(x, a.Min.y + 2, tokens::kTypeBody, col().text_tertiary, o.note, 64) + 24;
  }
  bool pressed = false;
  float right = a.Max.x - (app.phone() ? 16 : 24);
  if (!o.action.empty()) {
    std::string_view why;
    const bool may = app.may_change(&why);
    pressed = button_left_of(right, a.Min.y + 16, o.action,
                             {.kind = ButtonKind::kPrimary,
                              .icon = o.action_icon,
                              .disabled = !may,
                              .tip = why,
                              .href = o.action_href});
  }
  const float w = ImMin(240.0f, right - x);
  if (o.filter != nullptr && w > 100)
    input(box(x, a.Min.y + 16, w, 32), "Filter", *o.filter,
          {.hint = "Filter",
           .icon = tokens::kIconFilterVariant,
           .key = app.phone() ? "" : "/",
           .focus = app.shortcut(ImGuiKey_Slash)});
  hline(a.Min.x, a.Max.x, a.Min.y + 63, col().border_default);
  return pressed;
}

FormBar form_bar(Frame& f, const FormBarOptions& o) {
  const float pad = f.app.phone() ? 16 : 24;
  const Rect bar(f.area.Min.x, f.area.Max.y - tokens::kShellActionBar, f.area.Max.x, f.area.Max.y);
  hline(bar.Min.x, bar.Max.x, bar.Min.y, col().border_default);
  std::string_view why;
  const bool may = f.app.may_change(&why);
  FormBar out = FormBar::kNothing;
  float right = bar.Max.x - pad;
  if (button_left_of(right, bar.Min.y + 12, o.action,
                     {.kind = ButtonKind::kPrimary,
                      .disabled = !may || !o.wrong.empty(),
                      .busy = o.busy,
                      .tip = o.wrong.empty() ? why : std::string_view(o.wrong)}))
    out = FormBar::kSave;
  if (button_left_of(right, bar.Min.y + 12, "Cancel")) out = FormBar::kCancel;
  const std::string& told = !o.error.empty() ? o.error : o.wrong;
  if (told.empty()) return out;
  const float w = text_fit(bar.Min.x + pad, bar.Min.y, tokens::kTypeSmall,
                           o.error.empty() ? col().text_tertiary : col().state_error_text, told,
                           right - bar.Min.x - pad, tokens::kShellActionBar);
  ui().mirror.say(id_of("form bar"), o.error.empty() ? Role::kStatus : Role::kAlert, told,
                  place(box(bar.Min.x + pad, bar.Min.y, w, tokens::kShellActionBar)));
  return out;
}

void ListPage::body(const Rect& a, Collection& c, const GridOptions& options,
                    std::string_view cannot) {
  const Rect r(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y);
  if (!c.loaded) {
    if (!c.error.empty()) {
      if (error_page(r, cannot, c.error) == 1) app_->v3.reload(c);
    } else {
      skeleton_rows(r, 40);
    }
    return;
  }
  if (seen_ != c.version) {
    seen_ = c.version;
    std::vector<SimpleRow> rows;
    for (const auto& [id, object] : c.items) rows.push_back(row_of(object));
    list_.set(std::move(rows));
  }
  GridOptions o = options;
  o.keys = app_->page_has_keys();
  list_.draw(r, filter_, o);
}

}  // namespace web
