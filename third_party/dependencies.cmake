# The libraries third_party/setup obtained: from the distribution where it is new enough,
# otherwise from third_party/root (unpacked there, ignored by git).
set(POSTERN_DEPENDENCY_ROOT ${CMAKE_CURRENT_LIST_DIR}/root)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(doctest REQUIRED)

# fmt's headers with its compiled part built here, see fmt_instance.cc.
add_library(postern_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt_instance.cc)
get_target_property(fmt_include fmt::fmt-header-only INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(postern_fmt SYSTEM PUBLIC ${fmt_include})

# A static archive and its headers as an imported target.
function(postern_archive target header archive)
  find_path(${target}_include ${header}
    HINTS ${POSTERN_DEPENDENCY_ROOT}/usr/include NO_CMAKE_FIND_ROOT_PATH)
  find_library(${target}_archive ${archive}
    HINTS ${POSTERN_DEPENDENCY_ROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${POSTERN_DEPENDENCY_ROOT}/usr/lib)
  if(NOT ${target}_include OR NOT ${target}_archive)
    message(FATAL_ERROR "${archive} or ${header} is missing: run third_party/setup first")
  endif()
  add_library(${target} STATIC IMPORTED)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${${target}_archive}
    INTERFACE_INCLUDE_DIRECTORIES ${${target}_include})
endfunction()

postern_archive(unicorn unicorn/unicorn.h libunicorn.a)
target_link_libraries(unicorn INTERFACE Threads::Threads m)
postern_archive(capstone capstone/capstone.h libcapstone.a)

# spdlog without its compiled library, so that a fully static link works everywhere.
add_library(postern_spdlog INTERFACE)
get_target_property(spdlog_include spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(postern_spdlog SYSTEM INTERFACE ${spdlog_include})
target_compile_definitions(postern_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
target_link_libraries(postern_spdlog INTERFACE postern_fmt Threads::Threads)
