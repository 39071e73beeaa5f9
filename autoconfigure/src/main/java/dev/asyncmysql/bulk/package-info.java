/**
 * Bulk writing: rows or entities that a publisher emits, written with multi-row
 * statements.
 */
@NullMarked
package dev.asyncmysql.bulk;

import org.jspecify.annotations.NullMarked;
