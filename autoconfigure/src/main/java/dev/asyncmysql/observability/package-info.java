/**
 * What an operator sees: health.
 */
@NullMarked
package dev.asyncmysql.observability;

import org.jspecify.annotations.NullMarked;
