package dev.asyncmysql.library;

import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;

/**
 * A book.
 *
 * @param id number that the server gives
 * @param title title
 */
public record Book(@Id @Nullable Long id, String title) {

}
