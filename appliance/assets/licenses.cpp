#include "appliance/assets/licenses.h"

#include <string_view>

extern "C" const char licences_data_begin[], licences_data_end[];

namespace appliance {
namespace {

// The file holds the table, a line of one form feed, and the texts.
std::string_view whole() {
  return {licences_data_begin, static_cast<size_t>(licences_data_end - licences_data_begin)};
}

}  // namespace

std::string licence_list() {
  return std::string(whole().substr(0, whole().find('\f')));
}

std::string licence_texts() {
  size_t cut = whole().find('\f');
  return std::string(whole().substr(cut == std::string_view::npos ? 0 : cut + 2));
}

}  // namespace appliance
