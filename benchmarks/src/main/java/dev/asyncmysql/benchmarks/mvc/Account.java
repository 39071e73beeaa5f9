package dev.asyncmysql.benchmarks.mvc;

import java.math.BigDecimal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.Version;

/**
 * One row of the table {@code account}.
 *
 * @param id the key
 * @param version grows with each change of the row; over HTTP it is the entity tag
 * @param owner whose account it is
 * @param balance what the account holds, never negative
 */
record Account(@Id @Nullable Long id, @JsonIgnore @Version @Nullable Long version, String owner, BigDecimal balance) {
}
