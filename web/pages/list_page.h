// ListPage: what users, keys and settings have in common: a head with a filter and one button, the
// list, its errors. Thread: the one thread. Owns: the list and the filter.
#pragma once

#include <string>

#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/delete_dialog.h"
#include "web/pages/simple_list.h"

namespace web {

class ListPage : public Page {
 protected:
  // Draws the head; true when its button was pressed.
  bool head(const Rect& a, std::string_view title, std::string_view note, std::string_view action,
            uint32_t action_icon);
  void body(const Rect& a, Collection& c, const GridOptions& options, std::string_view cannot);
  virtual SimpleRow row_of(const Json& object) = 0;

  App* app_ = nullptr;
  SimpleList list_;
  DeleteDialog delete_;
  Lifetime alive_;
  std::string filter_;
  bool focus_filter_ = false;
  uint64_t seen_ = ~0ull;
};

}  // namespace web
