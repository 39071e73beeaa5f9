/**
 * Tests.
 */
@NullMarked
package dev.asyncmysql.observability;

import org.jspecify.annotations.NullMarked;
