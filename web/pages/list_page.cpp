#include "web/pages/list_page.h"

namespace web {

bool ListPage::head(const Rect& a, std::string_view title, std::string_view note,
                    std::string_view action, uint32_t action_icon) {
  float x = a.Min.x + 24;
  const float tw = text(x, a.Min.y, tokens::kTypeTitle, col().text_primary, title, 64);
  say_heading(box(x, a.Min.y, tw, 64), title, 1);
  x += tw + 12;
  x += text(x, a.Min.y + 2, tokens::kTypeBody, col().text_tertiary, note, 64) + 24;
  bool pressed = false;
  float right = a.Max.x - 24;
  if (!action.empty()) {
    std::string_view why;
    const bool may = app_->may_change(&why);
    pressed = button_left_of(
        right, a.Min.y + 16, action,
        {.kind = ButtonKind::kPrimary, .icon = action_icon, .disabled = !may, .tip = why});
  }
  if (app_->shortcut(ImGuiKey_Slash)) focus_filter_ = true;
  const float w = ImMin(240.0f, right - x);
  if (w > 100)
    input(
        box(x, a.Min.y + 16, w, 32), "Filter", filter_,
        {.hint = "Filter", .icon = tokens::kIconFilterVariant, .key = "/", .focus = focus_filter_});
  focus_filter_ = false;
  hline(a.Min.x, a.Max.x, a.Min.y + 63, col().border_default);
  return pressed;
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
