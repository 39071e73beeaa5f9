/**
 * What an operator sees: health, metrics, observations, slow queries, the endpoint and
 * advice.
 */
@NullMarked
package dev.asyncmysql.observability;

import org.jspecify.annotations.NullMarked;
