// ListPage: what users, keys and settings have in common: a head with a filter and one button, the
// list, its errors. Thread: the one thread. Owns: the list and the filter.
#pragma once

#include <string>

#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/delete_dialog.h"
#include "web/pages/simple_list.h"

namespace web {

struct HeadOptions {
  std::string_view title;
  std::string note = {};
  std::string_view action = {};  // of the one filled button
  uint32_t action_icon = tokens::kIconPlus;
  std::string* filter = nullptr;
  std::string_view action_href = {};
};
// The head of a page with a list, 64 high: title, count, filter, button. True when the button was
// pressed.
bool page_head(Frame& f, const HeadOptions& options);

// The bar at the foot of a form's page: what is wrong, Cancel, Save.
struct FormBarOptions {
  std::string_view action;
  std::string wrong, error;
  bool busy = false;
};
enum class FormBar { kNothing, kSave, kCancel };
FormBar form_bar(Frame& f, const FormBarOptions& options);

class ListPage : public Page {
 protected:
  // Draws the head; true when its button was pressed.
  bool head(Frame& f, HeadOptions options) {
    options.filter = &filter_;
    return page_head(f, options);
  }
  void body(const Rect& a, Collection& c, const GridOptions& options, std::string_view cannot);
  virtual SimpleRow row_of(const Json& object) = 0;

  App* app_ = nullptr;
  SimpleList list_;
  DeleteDialog delete_;
  Lifetime alive_;
  std::string filter_;
  uint64_t seen_ = ~0ull;
};

}  // namespace web
